package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// ObjectStore is where files are kept when that is not the data directory.
type ObjectStore struct {
	Bucket, Prefix string // the bucket is empty: there is none
	Host           string // with its port
	TLS            bool
	Region         string
	Key, Secret    string
}

// FilesDir is where files of messages are kept without an object store.
func (c Config) FilesDir() string { return filepath.Join(c.DataDir, "files") }

// ObjectStore returns what the settings of the object store say.
func (c Config) ObjectStore() ObjectStore {
	if c.S3Bucket == "" {
		return ObjectStore{}
	}
	bucket, prefix, _ := strings.Cut(c.S3Bucket, "/")
	if prefix != "" {
		prefix = strings.TrimRight(prefix, "/") + "/"
	}
	u, err := url.Parse(c.S3URL)
	if err != nil {
		return ObjectStore{} // checkFiles refuses it
	}
	return ObjectStore{bucket, prefix, u.Host, u.Scheme == "https", c.S3Region, c.S3Key, c.S3Secret}
}

const mostMegabytes = 1 << 20

func (c Config) checkFiles() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.FileLimit < 0 || c.FileLimit > mostMegabytes {
		bad("FOYER_FILE_LIMIT: %d is not from 0 to %d", c.FileLimit, mostMegabytes)
	}
	if c.RoomFilesLimit < c.FileLimit || c.RoomFilesLimit > mostMegabytes {
		bad("FOYER_ROOM_FILES_LIMIT: %d is not from FOYER_FILE_LIMIT to %d", c.RoomFilesLimit, mostMegabytes)
	}
	if c.S3Bucket == "" {
		return problems // the other settings may be meant for other programs
	}
	if !isOrigin(c.S3URL) {
		bad("AWS_ENDPOINT_URL_S3: %q is no address like https://s3.example.org, without a path", c.S3URL)
	}
	if strings.HasPrefix(c.S3Bucket, "/") || strings.ContainsAny(c.S3Bucket, " :?#") {
		bad("FOYER_S3_BUCKET: %q is no bucket, or bucket/folder", c.S3Bucket)
	}
	if c.S3Key == "" {
		bad("AWS_ACCESS_KEY_ID: missing, FOYER_S3_BUCKET needs it")
	}
	if c.S3Secret == "" {
		bad("AWS_SECRET_ACCESS_KEY: missing, FOYER_S3_BUCKET needs it")
	}
	return problems
}
