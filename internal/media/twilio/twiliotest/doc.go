// Package twiliotest is a double of Twilio Programmable Video for tests: the
// REST service with its status callbacks (state.go, rest.go, callback.go), and
// the signalling service with media between participants. Both work on one
// state, so that what one does shows in the other.
//
// REST requests and answers are checked against the description that Twilio
// publishes, testdata/twilio_video_v1.json.
package twiliotest
