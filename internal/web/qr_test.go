package web

import (
	"fmt"
	"strings"
	"testing"

	"rsc.io/qr"
)

// What is drawn is the code, with the margin that readers need.
func TestQR(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"http://localhost:8080/invite/abc", "https://meet.example.org/invite/" + strings.Repeat("x", 200)} {
		drawn, err := newQR(text)
		if err != nil {
			t.Fatal(err)
		}
		dark := make(map[[2]int]bool)
		for stroke := range strings.SplitSeq(strings.Trim(drawn.Path, "Mz"), "zM") {
			var x, y, width, back int
			if _, err := fmt.Sscanf(stroke, "%d %dh%dv1h-%d", &x, &y, &width, &back); err != nil || width != back {
				t.Fatalf("stroke %q: %v", stroke, err)
			}
			for i := range width {
				dark[[2]int{x + i, y}] = true
			}
		}
		code, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		if drawn.Size != code.Size+8 {
			t.Errorf("size %d, want %d", drawn.Size, code.Size+8)
		}
		for y := range drawn.Size {
			for x := range drawn.Size {
				inside := x >= 4 && y >= 4 && x < code.Size+4 && y < code.Size+4
				if want := inside && code.Black(x-4, y-4); dark[[2]int{x, y}] != want {
					t.Fatalf("at %d, %d: dark %v, want %v", x, y, !want, want)
				}
			}
		}
	}
	if _, err := newQR(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text that no code holds is drawn")
	}
}
