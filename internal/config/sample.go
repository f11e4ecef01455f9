package config

import (
	"fmt"
	"strings"
)

// Sample is a configuration file with every setting, its meaning and its default. All values are commented out, so
// that a copy of it changes nothing until a line is edited.
func Sample() string {
	var b strings.Builder
	b.WriteString(`# SMSir configuration. Made by 'smsir config sample'; every value below is the default.
#
# Remove the '#' before a key to set it. An environment variable overrides this file, and a command line flag
# overrides both: the names are given with each setting. 'smsir config check' tells what is in effect and why.
`)
	current := ""
	for _, o := range Options() {
		sect, name, nested := strings.Cut(o.Key, ".")
		indent := ""
		if !nested {
			name = o.Key
		} else {
			indent = "  "
			if sect != current {
				fmt.Fprintf(&b, "\n# %s\n%s:\n", section(sect), sect)
				current = sect
			}
		}
		if !nested || !strings.HasSuffix(b.String(), ":\n") {
			b.WriteString("\n")
		}
		for _, line := range wrap(o.Doc, 110-len(indent)) {
			b.WriteString(indent + "# " + line + "\n")
		}
		names := "# " + o.Env() + ", --" + o.Flag()
		if o.Range != "" {
			names += "; " + o.Range
		}
		b.WriteString(indent + names + "\n")
		b.WriteString(indent + "#" + name + ": " + yamlDefault(o) + "\n")
	}
	return b.String()
}

// yamlDefault is the default of o as YAML.
func yamlDefault(o Option) string {
	switch {
	case o.Key == "trusted_proxies":
		return "[]"
	case o.Default == "":
		return `""`
	}
	return o.Default
}

// wrap breaks text into lines of at most width bytes, at spaces.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
