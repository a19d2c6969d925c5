package web

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// QR is a QR code (ISO/IEC 18004) as the template draws it: a square of Size
// units, in which Path covers what is dark.
type QR struct {
	Size int
	Path string
}

// newQR encodes a text that fits, as every address of ours does.
func newQR(text string) (QR, error) {
	const margin = 4 // modules; readers need as much
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return QR{}, fmt.Errorf("QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if width := x - start; width > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+margin, y+margin, width, width)
			}
		}
	}
	return QR{Size: code.Size + 2*margin, Path: path.String()}, nil
}

func madeLink(address string) (*MadeLink, error) {
	code, err := newQR(address)
	return &MadeLink{Address: address, QR: code}, err
}
