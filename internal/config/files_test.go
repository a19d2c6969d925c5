package config

import (
	"strings"
	"testing"
)

func TestObjectStore(t *testing.T) {
	usual := map[string]string{"FOYER_S3_BUCKET": "foyer", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hush"}
	tests := []struct {
		name    string
		values  map[string]string // besides the usual ones
		want    ObjectStore
		problem string
	}{
		{"Amazon's own", nil, ObjectStore{"foyer", "", "s3.amazonaws.com", true, "", "key", "hush"}, ""},
		{"another, with a folder", map[string]string{"FOYER_S3_BUCKET": "foyer/chat/files/", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000", "AWS_REGION": "eu"},
			ObjectStore{"foyer", "chat/files/", "127.0.0.1:9000", false, "eu", "key", "hush"}, ""},
		{"without a bucket nothing is looked at", map[string]string{"FOYER_S3_BUCKET": "", "AWS_ENDPOINT_URL_S3": "elsewhere"}, ObjectStore{}, ""},
		{"no key", map[string]string{"AWS_ACCESS_KEY_ID": ""}, ObjectStore{}, "AWS_ACCESS_KEY_ID: missing"},
		{"no secret", map[string]string{"AWS_SECRET_ACCESS_KEY": ""}, ObjectStore{}, "AWS_SECRET_ACCESS_KEY: missing"},
		{"no address", map[string]string{"AWS_ENDPOINT_URL_S3": "https://s3.example.org/path"}, ObjectStore{}, "AWS_ENDPOINT_URL_S3"},
		{"no bucket's name", map[string]string{"FOYER_S3_BUCKET": "/folder"}, ObjectStore{}, "FOYER_S3_BUCKET"},
		{"a file larger than all", map[string]string{"FOYER_FILE_LIMIT": "2000"}, ObjectStore{}, "FOYER_ROOM_FILES_LIMIT"},
		{"less than nothing", map[string]string{"FOYER_FILE_LIMIT": "-1"}, ObjectStore{}, "FOYER_FILE_LIMIT"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := build(func(env string) string {
				if value, ok := test.values[env]; ok {
					return value
				}
				return usual[env]
			})
			switch {
			case test.problem == "" && err != nil, test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)):
				t.Fatalf("got %v, want %q", err, test.problem)
			case err != nil && strings.Contains(err.Error(), "hush"):
				t.Errorf("the secret is in %v", err)
			case err == nil && c.ObjectStore() != test.want:
				t.Errorf("got %+v, want %+v", c.ObjectStore(), test.want)
			}
		})
	}
}
