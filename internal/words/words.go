// Package words is the message catalogue: what pages say, in one file for each
// language (static/words/en.json; English is the only one now). Templates,
// handlers and scripts name messages by key and write no sentences themselves.
//
// A message is text with {placeholders}, or one text for each plural category of
// the language (CLDR: "one", "other", …), of which the value named count chooses.
package words

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"foyer/static"
)

// Tag is the language of the catalogue, as the lang attribute of pages says it.
var Tag = language.English

var (
	english = mustRead("words/en.json")
	numbers = message.NewPrinter(Tag)
)

// texts holds a message's texts by plural category; "other" alone when it has no
// plural.
type texts map[string]string

// UnmarshalJSON reads both forms of a message.
func (t *texts) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*t = texts{"other": one}
		return nil
	}
	return json.Unmarshal(raw, (*map[string]string)(t))
}

func mustRead(name string) map[string]texts {
	raw, err := static.FS.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded
	}
	var areas map[string]map[string]texts
	if err := json.Unmarshal(raw, &areas); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err)) // a test reads it too
	}
	all := make(map[string]texts)
	for area, messages := range areas {
		for key, message := range messages {
			all[area+"."+key] = message
		}
	}
	return all
}

// Has says whether there is a message of that key, for keys that are put
// together.
func Has(key string) bool {
	_, ok := english[key]
	return ok
}

// Text returns the message named key, "area.name", with values, which alternate
// between a placeholder's name and what stands for it. Whole numbers are written
// as the language does. An unknown key is returned as it is: a test finds it.
func Text(key string, values ...any) string {
	forms, ok := english[key]
	if !ok {
		return key
	}
	text := forms["other"]
	pairs := make([]string, 0, len(values))
	for i := 0; i+1 < len(values); i += 2 {
		name := fmt.Sprint(values[i])
		value := values[i+1]
		if err, ok := value.(error); ok {
			value = err.Error()
		}
		value = reflect.Indirect(reflect.ValueOf(value)).Interface() // templates hand optional numbers over as they have them
		if count, whole := value.(int); whole {
			if one, ok := forms[category(count)]; ok && name == "count" {
				text = one
			}
		}
		pairs = append(pairs, "{"+name+"}", numbers.Sprint(value))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// YesOrNo is the word for what is so, or is not.
func YesOrNo(yes bool) string {
	if yes {
		return Text("unit.yes")
	}
	return Text("unit.no")
}

// category is the plural category of a whole number.
func category(n int) string {
	switch plural.Cardinal.MatchPlural(Tag, max(n, -n), 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	}
	return "other"
}
