package livekit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"foyer/internal/media"
)

// TestSeverity is about what whoever reads the log has to look after.
func TestSeverity(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want slog.Level
	}{
		{"the database is late", fmt.Errorf("admit: %w", context.DeadlineExceeded), slog.LevelWarn},
		{"LiveKit is late", fmt.Errorf("%w: %w", media.ErrUnavailable, context.DeadlineExceeded), slog.LevelWarn},
		{"LiveKit is away", media.ErrUnavailable, slog.LevelError},
		{"the database refuses", errors.New("no such table"), slog.LevelError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := severity(tt.err); got != tt.want {
				t.Errorf("severity(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}
