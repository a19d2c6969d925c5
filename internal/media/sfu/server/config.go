package server

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/livekit/livekit-server/pkg/config"
	"gopkg.in/yaml.v3"
)

// decode makes LiveKit's configuration from tree. It goes through text because
// that is where LiveKit fills in defaults, and where a name that it does not
// know is an error.
func decode(tree map[string]any) (*config.Config, error) {
	text, err := yaml.Marshal(tree)
	if err != nil {
		return nil, err
	}
	return config.NewConfig(string(text), true, nil, nil)
}

// redisConfig returns the redis section for a URL like
// redis://user:password@host:6379/0, or rediss: for TLS.
func redisConfig(raw string) (map[string]any, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("REDIS_URL is not a URL") // not err, which quotes the password
	}
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	redis := map[string]any{
		"address":  u.Hostname() + ":" + port,
		"username": u.User.Username(),
		"use_tls":  u.Scheme == "rediss",
	}
	if password, ok := u.User.Password(); ok {
		redis["password"] = password
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		db, err := strconv.Atoi(path)
		if err != nil {
			return nil, errors.New("REDIS_URL: the path is not the number of a database")
		}
		redis["db"] = db
	}
	return redis, nil
}
