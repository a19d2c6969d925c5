package twiliotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// REST returns the REST service, https://video.twilio.com for the program under
// test.
func (s *Service) REST() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /v1/Rooms", s.listRooms)
	routes.HandleFunc("POST /v1/Rooms", s.createRoom)
	routes.HandleFunc("GET /v1/Rooms/{room}", s.fetchRoom)
	routes.HandleFunc("POST /v1/Rooms/{room}", s.updateRoom)
	routes.HandleFunc("GET /v1/Rooms/{room}/Participants", s.listParticipants)
	routes.HandleFunc("GET /v1/Rooms/{room}/Participants/{participant}", s.fetchParticipant)
	routes.HandleFunc("POST /v1/Rooms/{room}/Participants/{participant}", s.updateParticipant)
	routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fail(w, notFound(r)) })
	return s.record(s.described(s.faulty(s.authenticated(routes))))
}

// record remembers what was asked.
func (s *Service) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		s.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// Requests lists the REST requests so far, each as "METHOD /path?query".
func (s *Service) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// fault is an answer in place of the right one.
type fault struct {
	status     int
	retryAfter string
	wait       time.Duration
}

// Fail makes the next times REST requests fail with a status, and with a
// Retry-After header when that is not empty.
func (s *Service) Fail(times, status int, retryAfter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range times {
		s.faults = append(s.faults, fault{status: status, retryAfter: retryAfter})
	}
}

// Stall makes the next times REST requests wait, or until whoever asked has gone.
func (s *Service) Stall(times int, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range times {
		s.faults = append(s.faults, fault{wait: wait})
	}
}

// Page makes lists come in pages of at most so many, however many are asked for.
func (s *Service) Page(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mostOfPage = most
}

func (s *Service) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f fault
		s.mu.Lock()
		if len(s.faults) > 0 {
			f, s.faults = s.faults[0], s.faults[1:]
		}
		s.mu.Unlock()
		select {
		case <-time.After(f.wait):
		case <-r.Context().Done():
			return
		}
		switch {
		case f.status == 0:
			next.ServeHTTP(w, r)
			return
		case f.retryAfter != "":
			w.Header().Set("Retry-After", f.retryAfter)
		}
		code := 20500
		if f.status == http.StatusTooManyRequests {
			code = 20429
		}
		fail(w, &Error{f.status, code, http.StatusText(f.status)})
	})
}

func (s *Service) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user == s.KeySID && password == s.KeySecret || user == s.SID && password == s.AuthToken {
			next.ServeHTTP(w, r)
			return
		}
		fail(w, &Error{http.StatusUnauthorized, 20003, "Authenticate"})
	})
}

func notFound(r *http.Request) *Error {
	return &Error{http.StatusNotFound, 20404, "The requested resource " + r.URL.Path + " was not found"}
}

func fail(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		panic(err)
	}
	answer(w, e.Status, map[string]any{
		"code": e.Code, "message": e.Message, "status": e.Status,
		"more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(e.Code),
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone: nobody to tell
}

func (s *Service) createRoom(w http.ResponseWriter, r *http.Request) {
	room, err := roomOf(r)
	if err == nil {
		err = s.create(room)
	}
	if err != nil {
		fail(w, err)
		return
	}
	answer(w, http.StatusCreated, s.roomJSON(room))
}

// roomOf reads the fields of CreateRoom, with Twilio's defaults and bounds.
func roomOf(r *http.Request) (*Room, error) {
	room := &Room{
		UniqueName: r.PostFormValue("UniqueName"), Type: r.PostFormValue("Type"),
		Callback: r.PostFormValue("StatusCallback"), callbackMethod: r.PostFormValue("StatusCallbackMethod"),
	}
	if room.Type == "" {
		room.Type = "group"
	}
	if room.callbackMethod == "" {
		room.callbackMethod = http.MethodPost
	}
	const longestStay, defaultStay = 86400, 14400 // seconds
	for _, number := range []struct {
		field               string
		to                  *int
		least, most, preset int
		refusal             *Error
	}{
		{"MaxParticipants", &room.MaxParticipants, 1, 50, 50, &Error{http.StatusBadRequest, 53107, "MaxParticipants is out of range"}},
		{"EmptyRoomTimeout", &room.emptyTimeout, 1, 60, 5, &Error{http.StatusBadRequest, 53109, "Timeout is out of range"}},
		{"UnusedRoomTimeout", &room.unusedTimeout, 1, 60, 5, &Error{http.StatusBadRequest, 53109, "Timeout is out of range"}},
		{"MaxParticipantDuration", &room.longestStay, 600, longestStay, defaultStay, &Error{http.StatusBadRequest, 53109, "MaxParticipantDuration is out of range"}},
	} {
		*number.to = number.preset
		if text := r.PostFormValue(number.field); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < number.least || n > number.most {
				return nil, number.refusal
			}
			*number.to = n
		}
	}
	if room.Type != "group" {
		return nil, &Error{http.StatusBadRequest, 53108, "RoomType is not valid"} // of an account made today
	}
	if u, err := url.Parse(room.Callback); room.Callback != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return nil, &Error{http.StatusBadRequest, 53111, "StatusCallback is invalid"}
	}
	return room, nil
}

func (s *Service) listRooms(w http.ResponseWriter, r *http.Request) {
	status := r.FormValue("Status")
	if status == "" {
		status = inProgress // what Twilio lists when not told
	}
	s.mu.Lock()
	var found []*Room
	for _, room := range slices.Backward(s.rooms) { // newest first
		name := r.FormValue("UniqueName")
		if room.status == status && (name == "" || room.UniqueName == name) {
			found = append(found, room)
		}
	}
	s.mu.Unlock()
	page(s, w, r, "rooms", found, s.roomJSON)
}

func (s *Service) fetchRoom(w http.ResponseWriter, r *http.Request) {
	if room := s.named(w, r); room != nil {
		answer(w, http.StatusOK, s.roomJSON(room))
	}
}

func (s *Service) updateRoom(w http.ResponseWriter, r *http.Request) {
	room := s.named(w, r)
	if room == nil {
		return
	}
	s.mu.Lock()
	live := room.status == inProgress
	s.mu.Unlock()
	if r.PostFormValue("Status") != completed || !live {
		fail(w, &Error{http.StatusBadRequest, 53112, "Status is invalid"})
		return
	}
	s.Complete(room.SID)
	answer(w, http.StatusAccepted, s.roomJSON(room))
}

// named returns the room of the path, or answers that there is none.
func (s *Service) named(w http.ResponseWriter, r *http.Request) *Room {
	s.mu.Lock()
	room := s.find(r.PathValue("room"))
	s.mu.Unlock()
	if room == nil {
		fail(w, notFound(r))
	}
	return room
}

func (s *Service) listParticipants(w http.ResponseWriter, r *http.Request) {
	room := s.named(w, r)
	if room == nil {
		return
	}
	status, identity := r.FormValue("Status"), r.FormValue("Identity")
	s.mu.Lock()
	var found []*Participant
	for _, p := range slices.Backward(room.participants) { // newest first
		if (status == "" || p.status == status) && (identity == "" || p.Identity == identity) {
			found = append(found, p)
		}
	}
	s.mu.Unlock()
	page(s, w, r, "participants", found, s.participantJSON)
}

func (s *Service) fetchParticipant(w http.ResponseWriter, r *http.Request) {
	if p := s.participant(w, r); p != nil {
		answer(w, http.StatusOK, s.participantJSON(p))
	}
}

func (s *Service) updateParticipant(w http.ResponseWriter, r *http.Request) {
	p := s.participant(w, r)
	if p == nil {
		return
	}
	if r.PostFormValue("Status") != disconnected {
		fail(w, &Error{http.StatusBadRequest, 53112, "Status is invalid"})
		return
	}
	s.Disconnect(p, ErrRemoved)
	answer(w, http.StatusAccepted, s.participantJSON(p))
}

// participant returns the one of the path, by SID or by the identity of somebody
// who is in, or answers that there is none.
func (s *Service) participant(w http.ResponseWriter, r *http.Request) *Participant {
	room := s.named(w, r)
	if room == nil {
		return nil
	}
	name := r.PathValue("participant")
	s.mu.Lock()
	found := room.connected(name)
	for _, p := range room.participants {
		if p.SID == name {
			found = p
		}
	}
	s.mu.Unlock()
	if found == nil {
		fail(w, notFound(r))
	}
	return found
}

// page answers with one page of a list, with the addresses of the next and the
// previous one at the host that Twilio's own answers name.
func page[T any](s *Service, w http.ResponseWriter, r *http.Request, key string, found []T, show func(T) map[string]any) {
	size, number := 50, 0
	if n, err := strconv.Atoi(r.FormValue("PageSize")); err == nil {
		size = n
	}
	s.mu.Lock()
	if s.mostOfPage > 0 {
		size = min(size, s.mostOfPage)
	}
	s.mu.Unlock()
	if n, err := strconv.Atoi(r.FormValue("Page")); err == nil {
		number = n
	}
	address := func(number int) string {
		query := r.URL.Query()
		query.Set("PageSize", strconv.Itoa(size))
		query.Set("Page", strconv.Itoa(number))
		query.Set("PageToken", fmt.Sprint("PT", number))
		return publicHost + r.URL.Path + "?" + query.Encode()
	}
	meta := map[string]any{
		"key": key, "page": number, "page_size": size, "url": address(number), "first_page_url": address(0),
		"next_page_url": nil, "previous_page_url": nil,
	}
	first := min(number*size, len(found))
	last := min(first+size, len(found))
	if last < len(found) {
		meta["next_page_url"] = address(number + 1)
	}
	if number > 0 {
		meta["previous_page_url"] = address(number - 1)
	}
	shown := make([]map[string]any, 0, last-first)
	for _, one := range found[first:last] {
		shown = append(shown, show(one))
	}
	answer(w, http.StatusOK, map[string]any{key: shown, "meta": meta})
}

// publicHost is where Twilio's answers say that things are.
const publicHost = "https://video.twilio.com"

func (s *Service) roomJSON(room *Room) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	address := publicHost + "/v1/Rooms/" + room.SID
	return map[string]any{
		"sid": room.SID, "account_sid": s.SID, "unique_name": room.UniqueName, "status": room.status, "type": room.Type,
		"date_created": stamp(room.Created), "date_updated": stamp(room.updated), "end_time": stamp(room.ended),
		"duration": duration(room.Created, room.ended), "enable_turn": true, "audio_only": false, "large_room": false,
		"max_participants": room.MaxParticipants, "max_participant_duration": room.longestStay, "max_concurrent_published_tracks": 170,
		"empty_room_timeout": room.emptyTimeout, "unused_room_timeout": room.unusedTimeout,
		"status_callback": orNull(room.Callback), "status_callback_method": room.callbackMethod,
		"record_participants_on_connect": false, "video_codecs": []string{"H264", "VP8"}, "media_region": "us1", "url": address,
		"links": map[string]string{
			"participants": address + "/Participants", "recordings": address + "/Recordings",
			"recording_rules": address + "/RecordingRules", "transcriptions": address + "/Transcriptions",
		},
	}
}

func (s *Service) participantJSON(p *Participant) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	address := publicHost + "/v1/Rooms/" + p.Room.SID + "/Participants/" + p.SID
	return map[string]any{
		"sid": p.SID, "room_sid": p.Room.SID, "account_sid": s.SID, "identity": p.Identity, "status": p.status,
		"date_created": stamp(p.Started), "date_updated": stamp(p.updated), "start_time": stamp(p.Started), "end_time": stamp(p.ended),
		"duration": duration(p.Started, p.ended), "url": address,
		"links": map[string]string{
			"published_tracks": address + "/PublishedTracks", "subscribed_tracks": address + "/SubscribedTracks",
			"subscribe_rules": address + "/SubscribeRules", "anonymize": address + "/Anonymize",
		},
	}
}

// stamp is a time as Twilio writes it, in whole seconds; null for none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func duration(from, to time.Time) any {
	if to.IsZero() {
		return nil
	}
	return int(to.Sub(from).Seconds())
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
