package main

import (
	"context"

	"foyer/internal/blob"
	"foyer/internal/chat"
)

// openFiles opens the place where files of messages are kept. An object store
// that does not answer keeps Foyer from nothing but files.
func (s *service) openFiles(ctx context.Context) (blob.Store, error) {
	c := s.cfg.ObjectStore()
	if c.Bucket == "" {
		dir, err := blob.OpenDir(s.cfg.FilesDir())
		s.files = dir
		return dir, err
	}
	store, err := blob.OpenS3(blob.S3Config{
		Host: c.Host, TLS: c.TLS, Region: c.Region, Bucket: c.Bucket, Prefix: c.Prefix, Key: c.Key, Secret: c.Secret,
	})
	if err != nil {
		return nil, err
	}
	s.background.Go(func() {
		if err := store.Check(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("files cannot be kept", "bucket", c.Bucket, "error", err)
		}
	})
	return store, nil
}

func (s *service) fileLimits() chat.Limits {
	return chat.Limits{File: int64(s.cfg.FileLimit) << 20, Room: int64(s.cfg.RoomFilesLimit) << 20}
}
