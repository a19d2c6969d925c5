package blob_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"foyer/internal/blob"
	"foyer/internal/porttest"
)

const (
	key    = "foyer"
	secret = "not a secret, a test"
)

// gateway starts a real object store, versitygw, over a folder, and returns its
// address. It has the bucket "foyer".
func gateway(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../../bin/versitygw")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("there is no object store to test with: make bin/versitygw: %v", err)
		}
		t.Skip("there is no object store to test with: make bin/versitygw")
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(porttest.Free(t)))
	var log bytes.Buffer
	// Without extended attributes, which not every file system of a test has.
	server := exec.Command(program, "--access", key, "--secret", secret, "--port", address, "posix", "--nometa", t.TempDir())
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait() // it was killed
		if t.Failed() {
			t.Logf("the object store said:\n%s", &log)
		}
	})
	client, err := minio.New(address, &minio.Options{Creds: credentials.NewStaticV4(key, secret, "")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		err := client.MakeBucket(ctx, "foyer", minio.MakeBucketOptions{})
		if err == nil {
			return address
		}
		if ctx.Err() != nil {
			t.Fatalf("no bucket: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestS3(t *testing.T) {
	t.Parallel()
	config := blob.S3Config{Host: gateway(t), Bucket: "foyer", Key: key, Secret: secret}
	open := func(c blob.S3Config) *blob.S3 {
		t.Helper()
		store, err := blob.OpenS3(c)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	store := open(config)
	if err := store.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	contract(t, store)

	t.Run("under a prefix", func(t *testing.T) {
		prefixed := config
		prefixed.Prefix = "chat/files/"
		contract(t, open(prefixed))
	})
	t.Run("no such bucket", func(t *testing.T) {
		other := config
		other.Bucket = "elsewhere"
		if err := open(other).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "elsewhere") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		wrong := config
		wrong.Secret = "guessed"
		if err := open(wrong).Check(t.Context()); err == nil || strings.Contains(err.Error(), "guessed") {
			t.Errorf("got %v", err)
		}
	})
}
