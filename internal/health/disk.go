package health

import (
	"context"
	"syscall"

	"foyer/internal/words"
)

// Disk looks how much room is left where the data directory lies.
func Disk(dir string) Check {
	return func(context.Context) []Finding {
		part := words.Text("health.disk")
		free, all, err := Space(dir)
		if err != nil || all == 0 {
			return nil // it is not there yet
		}
		share := int(100 * free / all)
		gib := words.Text("unit.gib", "size", int(free>>30))
		const little, tooLittle = 10, 3 // per cent
		switch {
		case share < tooLittle && free < 5<<30:
			return broken(part, words.Text("health.disk_left", "size", gib, "share", share), words.Text("health.disk_advice"))
		case share < little && free < 20<<30:
			return notable(part, words.Text("health.disk_left", "size", gib, "share", share), words.Text("health.disk_advice"))
		}
		return well(part, words.Text("health.disk_left", "size", gib, "share", share))
	}
}

// Space is how many bytes are free, and how many there are, on the file system of
// a directory.
func Space(dir string) (free, all uint64, err error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, 0, err
	}
	size := uint64(stat.Bsize) //nolint:gosec // a block's size is positive
	return stat.Bavail * size, stat.Blocks * size, nil
}
