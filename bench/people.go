package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// signUp makes an account and returns the cookie of its session.
func signUp(ctx context.Context, origin, username string) (cookie string, err error) {
	form := url.Values{"username": {username}, "email": {username + "@example.org"}, "password": {"correct horse battery"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+"/signup", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", origin)
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	for _, c := range response.Cookies() {
		cookie = c.Name + "=" + c.Value
	}
	if cookie == "" {
		return "", fmt.Errorf("%s did not sign up: %s", username, response.Status)
	}
	return cookie, nil
}

// join asks to be let into a room and returns the answer, JSON.
func join(ctx context.Context, transport http.RoundTripper, origin, slug, cookie string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+"/r/"+slug+"/join", strings.NewReader(`{"display_name":"Bench"}`))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Origin", origin)
	request.Header.Set("Cookie", cookie)
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("join: %s: %s", response.Status, body)
	}
	return body, err
}
