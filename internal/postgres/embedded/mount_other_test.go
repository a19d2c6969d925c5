//go:build unix && !linux

package embedded_test

import "testing"

func mountSmall(t *testing.T, _, _ string) bool {
	t.Helper()
	t.Log("no small file system here; another test shows the same without")
	return false
}

func mountReadOnly(t *testing.T, _ string) bool {
	t.Helper()
	t.Log("no read-only mount here; another test shows the same without")
	return false
}
