// Package config reads Foyer's settings from flags, the environment and a .env
// file, and checks them as a whole.
package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/joho/godotenv"
)

// Config is how one Foyer runs.
type Config struct {
	Addr      string // where pages are served, like ":8080"
	DataDir   string
	PublicURL string // origin by which browsers reach Foyer; empty: by what they ask for
	// TrustedProxies are addresses and networks in front of Foyer; see Proxies.
	TrustedProxies string
	Tunnel         bool   // serve through ngrok too
	NgrokToken     string // of the account that the tunnel belongs to
	Domain         string // serve https for this name with certificates by ACME
	TLSCert        string // file with the certificate chain, PEM
	TLSKey         string // file with its key, PEM
	TLSSelfSigned  bool
	Signup         string // "open", "invitation" or "closed"
	MailDomains    string // of addresses that may sign up; see Domains
	AdminFactor    bool   // administrators need a second factor
	RoomCapacity   int    // of new rooms
	KeepCalls      int    // days; 0: for good
	KeepAudit      int    // days; 0: for good
	KeepSignIns    int    // days; 0: for good
	KeepDeliveries int    // days; 0: for good
	WebhookReach   string // addresses and networks; see WebhookNetworks
	MediaUDPPort   int
	MediaTCPPort   int    // 0: media over UDP only
	MediaIP        string // address of media that browsers reach; empty: found
	DatabaseURL    string // empty: the embedded Postgres
	RedisURL       string // joins the embedded media servers of several nodes
	LiveKitURL     string // empty: the embedded media server
	LiveKitKey     string
	LiveKitSecret  string
	Media          string // which service carries the calls of new rooms; see Backend

	TwilioAccountSID   string // empty: no Twilio
	TwilioKeySID       string
	TwilioKeySecret    string
	TwilioAuthToken    string // empty: Twilio does not call back
	TwilioAPIURL       string // of its REST service in place of Twilio's own
	TwilioSignalingURL string // where browsers connect in place of Twilio's own

	OIDCIssuer       string // empty: no provider
	OIDCClientID     string
	OIDCClientSecret string
	OIDCName         string
	OIDCScopes       string
	OIDCDomains      string
	OIDCGroupsClaim  string
	OIDCGroups       string
	OIDCAdminGroups  string
	OIDCSignup       string // "open" or "closed"
	FileLimit        int    // megabytes of a file in a chat; 0: no files
	RoomFilesLimit   int    // megabytes of all of a room's files
	S3Bucket         string // and a folder in it, after a slash; empty: files are in the data directory
	S3URL            string
	S3Region         string
	S3Key            string
	S3Secret         string

	SMTPURL  string // empty: mails stay in the outbox
	MailFrom string // empty: noreply at the public host
}

// setting is one value of a Config: its name in the environment, and as a flag.
type setting struct {
	env    string
	help   string
	def    string
	secret bool
	flag   bool // a flag without a value
	field  func(*Config) any
}

var settings = []setting{
	{env: "FOYER_ADDR", def: ":8080", help: "address and port that pages are served on", field: func(c *Config) any { return &c.Addr }},
	{env: "FOYER_DATA_DIR", def: "./data", help: "folder for the database, certificates and state", field: func(c *Config) any { return &c.DataDir }},
	{env: "FOYER_PUBLIC_URL", help: "how browsers reach Foyer, like https://meet.example.org", field: func(c *Config) any { return &c.PublicURL }},
	{env: "FOYER_TRUSTED_PROXIES", help: "addresses and networks of proxies in front, like 127.0.0.1,10.0.0.0/8, whose X-Forwarded headers count", field: func(c *Config) any { return &c.TrustedProxies }},
	{env: "FOYER_TUNNEL", flag: true, help: "be reached through an ngrok tunnel too, with its address as the public one", field: func(c *Config) any { return &c.Tunnel }},
	{env: "NGROK_AUTHTOKEN", secret: true, help: "authtoken of the ngrok account for the tunnel", field: func(c *Config) any { return &c.NgrokToken }},
	{env: "FOYER_DOMAIN", help: "serve https on 443 for this name, with a certificate by ACME", field: func(c *Config) any { return &c.Domain }},
	{env: "FOYER_TLS_CERT", help: "certificate file (PEM) to serve https with", field: func(c *Config) any { return &c.TLSCert }},
	{env: "FOYER_TLS_KEY", help: "key file (PEM) of the certificate", field: func(c *Config) any { return &c.TLSKey }},
	{env: "FOYER_TLS_SELF_SIGNED", flag: true, help: "serve https with a certificate made here, for trying on a local network", field: func(c *Config) any { return &c.TLSSelfSigned }},
	{env: "FOYER_SIGNUP", def: "open", help: "who may make an account: open (everybody), invitation (whom somebody invites) or closed", field: func(c *Config) any { return &c.Signup }},
	{env: "FOYER_MAIL_DOMAINS", help: "domains of the addresses that may make an account, like example.org,example.com; any when unset", field: func(c *Config) any { return &c.MailDomains }},
	{env: "FOYER_ADMIN_SECOND_FACTOR", flag: true, help: "administrators need a second factor", field: func(c *Config) any { return &c.AdminFactor }},
	{env: "FOYER_ROOM_CAPACITY", def: "50", help: "how many people a new room takes", field: func(c *Config) any { return &c.RoomCapacity }},
	{env: "FOYER_KEEP_CALLS", def: "365", help: "days that who was in which call is kept; 0 for good", field: func(c *Config) any { return &c.KeepCalls }},
	{env: "FOYER_KEEP_AUDIT", def: "730", help: "days that the audit log is kept; 0 for good", field: func(c *Config) any { return &c.KeepAudit }},
	{env: "FOYER_KEEP_SIGN_INS", def: "90", help: "days that log-ins are kept; 0 for good", field: func(c *Config) any { return &c.KeepSignIns }},
	{env: "FOYER_KEEP_DELIVERIES", def: "30", help: "days that deliveries of webhooks are kept; 0 for good", field: func(c *Config) any { return &c.KeepDeliveries }},
	{env: "FOYER_WEBHOOK_NETWORKS", help: "addresses and networks of yours, like 10.1.0.0/16, that webhooks may reach besides the internet", field: func(c *Config) any { return &c.WebhookReach }},
	{env: "OIDC_ISSUER", help: "OpenID Connect provider to sign in through, like https://id.example.org", field: func(c *Config) any { return &c.OIDCIssuer }},
	{env: "OIDC_CLIENT_ID", help: "what it calls this Foyer", field: func(c *Config) any { return &c.OIDCClientID }},
	{env: "OIDC_CLIENT_SECRET", secret: true, help: "the secret it gave this Foyer", field: func(c *Config) any { return &c.OIDCClientSecret }},
	{env: "OIDC_NAME", def: "single sign-on", help: "how people know it: Log in with …", field: func(c *Config) any { return &c.OIDCName }},
	{env: "OIDC_SCOPES", def: "email profile", help: "what it is asked for, besides openid", field: func(c *Config) any { return &c.OIDCScopes }},
	{env: "OIDC_DOMAINS", help: "mail domains whose people come in by it; all when unset", field: func(c *Config) any { return &c.OIDCDomains }},
	{env: "OIDC_GROUPS_CLAIM", def: "groups", help: "where it lists somebody's groups", field: func(c *Config) any { return &c.OIDCGroupsClaim }},
	{env: "OIDC_GROUPS", help: "groups whose people come in by it; all when unset", field: func(c *Config) any { return &c.OIDCGroups }},
	{env: "OIDC_ADMIN_GROUPS", help: "groups whose people are administrators; when set, others who come in by it are none", field: func(c *Config) any { return &c.OIDCAdminGroups }},
	{env: "OIDC_SIGNUP", def: "open", help: "whether it makes accounts for people who have none: open or closed", field: func(c *Config) any { return &c.OIDCSignup }},
	{env: "FOYER_MEDIA_UDP_PORT", def: "7882", help: "UDP port of sound and picture", field: func(c *Config) any { return &c.MediaUDPPort }},
	{env: "FOYER_MEDIA_TCP_PORT", def: "7881", help: "TCP port of sound and picture where UDP is blocked; 0 for none", field: func(c *Config) any { return &c.MediaTCPPort }},
	{env: "FOYER_MEDIA_IP", help: "address at which browsers reach these ports; found when unset", field: func(c *Config) any { return &c.MediaIP }},
	{env: "DATABASE_URL", secret: true, help: "Postgres to use instead of the embedded one", field: func(c *Config) any { return &c.DatabaseURL }},
	{env: "REDIS_URL", secret: true, help: "Redis through which the media servers of several Foyers form one", field: func(c *Config) any { return &c.RedisURL }},
	{env: "LIVEKIT_URL", help: "LiveKit service to use instead of the embedded media server", field: func(c *Config) any { return &c.LiveKitURL }},
	{env: "LIVEKIT_API_KEY", help: "its API key", field: func(c *Config) any { return &c.LiveKitKey }},
	{env: "LIVEKIT_API_SECRET", secret: true, help: "its API secret", field: func(c *Config) any { return &c.LiveKitSecret }},
	{env: "FOYER_MEDIA", help: "what carries the calls of new rooms: livekit, or twilio (when that is set up, it is)", field: func(c *Config) any { return &c.Media }},
	{env: "TWILIO_ACCOUNT_SID", help: "account at Twilio whose Programmable Video carries calls", field: func(c *Config) any { return &c.TwilioAccountSID }},
	{env: "TWILIO_API_KEY_SID", help: "its API key", field: func(c *Config) any { return &c.TwilioKeySID }},
	{env: "TWILIO_API_KEY_SECRET", secret: true, help: "the API key's secret", field: func(c *Config) any { return &c.TwilioKeySecret }},
	{env: "TWILIO_AUTH_TOKEN", secret: true, help: "the account's auth token, so that Twilio can report who comes and goes", field: func(c *Config) any { return &c.TwilioAuthToken }},
	{env: "TWILIO_API_URL", help: "where Twilio's REST service is reached, if not at Twilio", field: func(c *Config) any { return &c.TwilioAPIURL }},
	{env: "TWILIO_SIGNALING_URL", help: "where browsers connect, if not at Twilio", field: func(c *Config) any { return &c.TwilioSignalingURL }},
	{env: "FOYER_FILE_LIMIT", def: "25", help: "megabytes that a file in a chat can have; 0: no files", field: func(c *Config) any { return &c.FileLimit }},
	{env: "FOYER_ROOM_FILES_LIMIT", def: "1024", help: "megabytes that the files of a room can have together", field: func(c *Config) any { return &c.RoomFilesLimit }},
	{env: "FOYER_S3_BUCKET", help: "bucket, or bucket/folder, of an S3-compatible store to keep files in; the data directory when unset", field: func(c *Config) any { return &c.S3Bucket }},
	{env: "AWS_ENDPOINT_URL_S3", def: "https://s3.amazonaws.com", help: "where that store is reached", field: func(c *Config) any { return &c.S3URL }},
	{env: "AWS_REGION", help: "its region; asked for when unset", field: func(c *Config) any { return &c.S3Region }},
	{env: "AWS_ACCESS_KEY_ID", help: "its access key", field: func(c *Config) any { return &c.S3Key }},
	{env: "AWS_SECRET_ACCESS_KEY", secret: true, help: "its secret key", field: func(c *Config) any { return &c.S3Secret }},
	{env: "SMTP_URL", secret: true, help: "mail server, like smtp://user:password@mail.example.org:587; without one an administrator reads mails in the outbox", field: func(c *Config) any { return &c.SMTPURL }},
	{env: "FOYER_MAIL_FROM", help: "sender of mails, like Foyer <noreply@example.org>; noreply at the public host when unset", field: func(c *Config) any { return &c.MailFrom }},
}

// flagName is how a setting is called on the command line.
func (s setting) flagName() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(s.env, "FOYER_")), "_", "-")
}

func (s setting) set(c *Config, text string) error {
	switch field := s.field(c).(type) {
	case *string:
		*field = strings.TrimSpace(text)
	case *int:
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("%s: %q is not a whole number", s.env, text)
		}
		*field = n
	case *bool:
		on, err := strconv.ParseBool(strings.TrimSpace(text))
		if err != nil {
			return fmt.Errorf("%s: %q is neither true nor false", s.env, text)
		}
		*field = on
	}
	return nil
}

// Load returns the settings: flags in args come before the environment, that
// before the file .env in the working directory, that before the defaults. Its
// error names every problem, one a line; it is flag.ErrHelp when help was asked
// for and written to help.
func Load(command string, args []string, help io.Writer) (Config, error) {
	flags := flag.NewFlagSet("foyer "+command, flag.ContinueOnError)
	flags.SetOutput(help)
	given := make(map[string]string)
	for _, s := range settings {
		take := func(text string) error { given[s.env] = text; return nil }
		if s.flag {
			flags.BoolFunc(s.flagName(), s.usage(), take)
		} else {
			flags.Func(s.flagName(), s.usage(), take)
		}
	}
	if err := flags.Parse(args); err != nil {
		return Config{}, err
	}
	if flags.NArg() > 0 {
		return Config{}, fmt.Errorf("foyer %s: %q is not a flag; see foyer %s --help", command, flags.Arg(0), command)
	}
	file, err := godotenv.Read(".env")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Config{}, fmt.Errorf(".env: %w", err)
	}
	return build(func(env string) string {
		if text, ok := given[env]; ok {
			return text
		}
		if text, ok := os.LookupEnv(env); ok {
			return text
		}
		return file[env]
	})
}

func (s setting) usage() string {
	text := s.help + " (" + s.env
	if s.def != "" {
		text += ", default " + s.def
	}
	return text + ")"
}

func build(value func(env string) string) (Config, error) {
	var c Config
	var problems []error
	for _, s := range settings {
		text := value(s.env)
		if strings.TrimSpace(text) == "" {
			text = s.def
		}
		if s.env == "FOYER_ADDR" && strings.TrimSpace(value(s.env)) == "" && value("FOYER_DOMAIN") != "" {
			text = ":443"
		}
		if text != "" {
			problems = append(problems, s.set(&c, text))
		}
	}
	problems = append(problems, c.check()...)
	return c, errors.Join(problems...)
}

// check looks for settings that cannot be, alone or together.
func (c Config) check() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		bad("FOYER_ADDR: %q is no address with a port, like :8080", c.Addr)
	}
	if c.PublicURL != "" && !isOrigin(c.PublicURL) {
		bad("FOYER_PUBLIC_URL: %q is no address like https://meet.example.org, without a path", c.PublicURL)
	}
	if c.Domain != "" && (strings.ContainsAny(c.Domain, ":/ ") || !strings.Contains(c.Domain, ".")) {
		bad("FOYER_DOMAIN: %q is no domain name, like meet.example.org", c.Domain)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		bad("FOYER_TLS_CERT and FOYER_TLS_KEY: give both or neither")
	}
	if ways := count(c.Domain != "", c.TLSCert != "", c.TLSSelfSigned); ways > 1 {
		bad("FOYER_DOMAIN, FOYER_TLS_CERT and FOYER_TLS_SELF_SIGNED: choose one of them")
	}
	_, notNetworks := networks("FOYER_TRUSTED_PROXIES", c.TrustedProxies)
	problems = append(problems, notNetworks...)
	_, notNetworks = networks("FOYER_WEBHOOK_NETWORKS", c.WebhookReach)
	problems = append(problems, notNetworks...)
	problems = append(problems, c.checkTunnel()...)
	problems = append(problems, c.checkNumbers()...)
	problems = append(problems, c.checkAccounts()...)
	if c.MediaUDPPort < 1 || c.MediaUDPPort > 65535 {
		bad("FOYER_MEDIA_UDP_PORT: %d is no port", c.MediaUDPPort)
	}
	if c.MediaTCPPort < 0 || c.MediaTCPPort > 65535 {
		bad("FOYER_MEDIA_TCP_PORT: %d is no port", c.MediaTCPPort)
	}
	if _, err := netip.ParseAddr(c.MediaIP); c.MediaIP != "" && err != nil {
		bad("FOYER_MEDIA_IP: %q is no IP address", c.MediaIP)
	}
	problems = append(problems, c.checkMedia()...)
	problems = append(problems, c.checkFiles()...)
	if _, err := c.SMTP(); err != nil {
		bad("SMTP_URL: %w", err)
	}
	if _, err := mail.ParseAddress(c.MailFrom); c.MailFrom != "" && err != nil {
		bad("FOYER_MAIL_FROM: %q is no address like Foyer <noreply@example.org>", c.MailFrom)
	}
	return problems
}

func count(conditions ...bool) (n int) {
	for _, yes := range conditions {
		if yes {
			n++
		}
	}
	return n
}

// TLS reports whether pages are served over https by Foyer itself.
func (c Config) TLS() bool { return c.Domain != "" || c.TLSCert != "" || c.TLSSelfSigned }

// Write prints the settings as they are in effect, one a line, in the form of a
// .env file, secrets left out.
func (c Config) Write(w io.Writer) {
	for _, s := range settings {
		var text string
		switch field := s.field(&c).(type) {
		case *string:
			text = *field
		case *int:
			text = strconv.Itoa(*field)
		case *bool:
			text = strconv.FormatBool(*field)
		}
		if s.secret && text != "" {
			text = "(set)"
		}
		fmt.Fprintf(w, "%s=%s\n", s.env, text)
	}
}
