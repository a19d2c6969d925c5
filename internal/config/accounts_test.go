package config

import (
	"reflect"
	"strings"
	"testing"
)

// good is a provider's whole configuration; with replaces some of it.
func good(with ...string) map[string]string {
	values := map[string]string{
		"OIDC_ISSUER": "https://id.example.org", "OIDC_CLIENT_ID": "foyer", "OIDC_CLIENT_SECRET": "planted",
	}
	for i := 0; i+1 < len(with); i += 2 {
		values[with[i]] = with[i+1]
	}
	return values
}

func TestOIDC(t *testing.T) {
	c, err := from(good(
		"OIDC_NAME", "Example", "OIDC_SCOPES", "email  profile,groups", "OIDC_DOMAINS", "example.org, example.com", "OIDC_GROUPS_CLAIM", "roles",
		"OIDC_GROUPS", " staff ,guests of staff,", "OIDC_ADMIN_GROUPS", "operators", "OIDC_SIGNUP", "closed",
	))
	if err != nil {
		t.Fatal(err)
	}
	want := OIDC{
		Name: "Example", Issuer: "https://id.example.org", ClientID: "foyer", ClientSecret: "planted",
		Scopes: []string{"email", "profile", "groups"}, Domains: []string{"example.org", "example.com"}, Groups: []string{"staff", "guests of staff"},
		Administrators: []string{"operators"}, GroupsClaim: "roles",
	}
	if got, ok := c.OIDC(); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	usual, err := from(good())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := usual.OIDC(); !got.Signup || got.GroupsClaim != "groups" || len(got.Domains)+len(got.Groups)+len(got.Administrators) != 0 {
		t.Errorf("by default %+v", got)
	}
	none, err := from(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := none.OIDC(); ok {
		t.Error("a provider where none is named")
	}
	for _, issuer := range []string{"http://localhost:9000", "http://127.0.0.1:9000"} {
		if _, err := from(good("OIDC_ISSUER", issuer)); err != nil {
			t.Errorf("a provider on this machine, %s: %v", issuer, err)
		}
	}
}

func TestOIDCRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		values map[string]string
		want   string
	}{
		"no issuer, but an id":         {map[string]string{"OIDC_CLIENT_ID": "foyer"}, "OIDC_ISSUER: give"},
		"no issuer, but a secret":      {map[string]string{"OIDC_CLIENT_SECRET": "planted"}, "OIDC_ISSUER: give"},
		"no id":                        {good("OIDC_CLIENT_ID", ""), "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"},
		"no secret":                    {good("OIDC_CLIENT_SECRET", ""), "OIDC_CLIENT_ID and OIDC_CLIENT_SECRET"},
		"in the clear":                 {good("OIDC_ISSUER", "http://id.example.org"), "no https address"},
		"in the clear, looking local":  {good("OIDC_ISSUER", "http://localhost.example.org"), "no https address"},
		"in the clear, of a like name": {good("OIDC_ISSUER", "http://127.0.0.1.example.org"), "no https address"},
		"without a scheme":             {good("OIDC_ISSUER", "id.example.org"), "no https address"},
		"without a host":               {good("OIDC_ISSUER", "https://"), "no https address"},
		"another word for sign-up":     {good("OIDC_SIGNUP", "maybe"), "neither open nor closed"},
		"a domain that is none":        {good("OIDC_DOMAINS", "example.org,a b"), `"a b" is no mail domain`},
		"an address for a domain":      {good("OIDC_DOMAINS", "ana@example.org"), "is no mail domain"},
	} {
		_, err := from(test.values)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: the error holds the secret: %v", name, err)
		}
	}
	// All at once, not one after the other.
	_, err := from(good("OIDC_CLIENT_ID", "", "OIDC_SIGNUP", "maybe", "OIDC_DOMAINS", "@"))
	for _, want := range []string{"OIDC_CLIENT_ID", "OIDC_SIGNUP", "OIDC_DOMAINS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not complained about: %v", want, err)
		}
	}
}

func TestPolicySettings(t *testing.T) {
	for name, values := range map[string][]string{
		"FOYER_SIGNUP":              {"maybe", "Open"},
		"FOYER_MAIL_DOMAINS":        {"a b", "example.org,@example.com"},
		"FOYER_ADMIN_SECOND_FACTOR": {"maybe"},
		"FOYER_ROOM_CAPACITY":       {"1", "501", "many"},
		"FOYER_KEEP_CALLS":          {"-1", "3651"},
		"FOYER_KEEP_AUDIT":          {"-1", "3651"},
		"FOYER_KEEP_SIGN_INS":       {"-1", "3651", "a while"},
		"FOYER_KEEP_DELIVERIES":     {"-1", "3651"},
	} {
		for _, value := range values {
			if _, err := from(map[string]string{name: value}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s=%s: got %v", name, value, err)
			}
		}
	}
}
