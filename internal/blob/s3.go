package blob

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 is a bucket of an object store that speaks S3's protocol.
type S3 struct {
	client *minio.Client
	bucket string
	prefix string
}

// S3Config is where a bucket is and who may use it.
type S3Config struct {
	Host      string // with a port if it is an unusual one
	TLS       bool
	Region    string // empty: asked for
	Bucket    string
	Prefix    string // what names in the bucket begin with
	Key       string
	Secret    string
	Transport http.RoundTripper // nil: the usual one
}

// OpenS3 returns a store in a bucket that exists, without asking for it: see
// Check.
func OpenS3(c S3Config) (*S3, error) {
	client, err := minio.New(c.Host, &minio.Options{
		Creds: credentials.NewStaticV4(c.Key, c.Secret, ""), Secure: c.TLS, Region: c.Region, Transport: c.Transport,
	})
	if err != nil {
		return nil, fmt.Errorf("object store: %w", err)
	}
	return &S3{client, c.Bucket, c.Prefix}, nil
}

// Check says what keeps the bucket from being used, as far as asking for it can
// tell.
func (s *S3) Check(ctx context.Context) error {
	exists, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return fmt.Errorf("object store: %w", err)
	}
	if !exists {
		return fmt.Errorf("object store: there is no bucket %q", s.bucket)
	}
	return nil
}

// Put implements Store.
func (s *S3) Put(ctx context.Context, name string, from io.Reader, size int64) error {
	if err := checkName(name); err != nil {
		return err
	}
	whole := &counted{from: from, left: size}
	// In one request: it takes effect as a whole. The length is signed, so an
	// object store never takes a part for all.
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, whole, size, minio.PutObjectOptions{
		ContentType: "application/octet-stream", DisableMultipart: true,
	})
	if whole.failed != nil {
		err = whole.failed // rather than what it made of the request
	}
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	return nil
}

// Open implements Store.
func (s *S3) Open(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
	if err == nil {
		_, err = object.Stat() // nothing was asked before
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	return object, nil
}

// Remove implements Store.
func (s *S3) Remove(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	err := s.client.RemoveObject(ctx, s.bucket, s.prefix+name, minio.RemoveObjectOptions{})
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchKey {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}
