package twiliotest

import (
	"regexp"
	"slices"
	"strings"
)

var ssrcLine = regexp.MustCompile(`^a=ssrc:(\d+) `)

// withoutSimulcast takes the further layers out of an offer: Pion does not know
// the lines with which the SDK describes them, and a server that does not
// announce publisher_hints is sent one layer only.
func withoutSimulcast(sdp string) string {
	var further []string // SSRCs that nothing is sent with
	lines := strings.Split(sdp, "\r\n")
	for _, line := range lines {
		if layers, ok := strings.CutPrefix(line, "a=ssrc-group:SIM "); ok {
			further = append(further, strings.Fields(layers)[1:]...)
		}
	}
	for _, line := range lines {
		if pair, ok := strings.CutPrefix(line, "a=ssrc-group:FID "); ok && slices.Contains(further, strings.Fields(pair)[0]) {
			further = append(further, strings.Fields(pair)[1:]...)
		}
	}
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		if strings.HasPrefix(line, "a=ssrc-group:SIM ") {
			return true
		}
		if pair, ok := strings.CutPrefix(line, "a=ssrc-group:FID "); ok {
			return slices.Contains(further, strings.Fields(pair)[0])
		}
		match := ssrcLine.FindStringSubmatch(line)
		return match != nil && slices.Contains(further, match[1])
	}), "\r\n")
}
