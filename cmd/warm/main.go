// Command warm is temporary: it keeps the module list whole while packages are being written.
package main

import (
	_ "github.com/coder/websocket"
	_ "github.com/go-chi/chi/v5"
	_ "github.com/go-chi/httprate"
	_ "github.com/google/uuid"
	_ "github.com/gorilla/securecookie"
	_ "github.com/gorilla/sessions"
	_ "github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/tern/v2/migrate"
	_ "github.com/joho/godotenv"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/livekit/livekit-server/pkg/service"
	_ "github.com/livekit/server-sdk-go/v2"
	_ "go.uber.org/goleak"
	_ "golang.org/x/crypto/acme/autocert"
	_ "golang.org/x/crypto/bcrypt"
	_ "pgregory.net/rapid"
)

func main() {}
