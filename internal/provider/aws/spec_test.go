package aws

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/smsir/smsir/internal/provider/providertest"
)

// TestOfficialDocument holds our requests against AWS's own OpenAPI documents. Their content types and the numbered names
// of SNS's lists are beyond what providertest.AgainstDocument understands, so bodies are held against the schemas here.
func TestOfficialDocument(t *testing.T) {
	t.Parallel()
	for file, sns := range map[string]bool{"aws_pinpoint_sms_voice_v2.json": false, "aws_sns.json": true} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			folder := os.Getenv("SMSIR_PROVIDER_SPECS")
			if folder == "" {
				t.Skipf("NOT RUN: AWS's document is not there. Set SMSIR_PROVIDER_SPECS to the folder with %s.", file)
			}
			doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			op := doc.Paths.Find("/").Post
			f := newFar(t, sns)
			a := newAccount(t, f, sns)
			if !sns {
				a = newAccount(t, f, sns, settingConfig, "set", settingTopic, topic)
			}
			for _, from := range []string{"", "ACME"} {
				s := submission(takes)
				s.From = from
				if _, err := a.Send(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range f.Calls() {
				for _, p := range op.Parameters {
					if p.Value.In == "header" && p.Value.Required {
						if err := p.Value.Schema.Value.VisitJSON(c.Header.Get(p.Value.Name)); err != nil {
							t.Errorf("header %s: %v", p.Value.Name, err)
						}
					}
				}
				if sns {
					checkForm(t, op.RequestBody.Value.Content["application/x-www-form-urlencoded"].Schema.Value, c)
				} else {
					checkJSON(t, op.RequestBody.Value.Content["application/x-amz-json-1.0"].Schema.Value, c)
				}
			}
		})
	}
}

func checkJSON(t *testing.T, schema *openapi3.Schema, c providertest.Call) {
	t.Helper()
	for _, part := range schema.Properties["MessageBody"].Value.AllOf {
		part.Value.Pattern = "" // it looks ahead, which Go's expressions do not
	}
	var body map[string]any
	if err := json.Unmarshal(c.Body, &body); err != nil {
		t.Fatal(err)
	}
	if err := schema.VisitJSON(body); err != nil {
		t.Error(err)
	}
	for name := range body {
		if schema.Properties[name] == nil {
			t.Errorf("the document has no field %q", name)
		}
	}
}

func checkForm(t *testing.T, schema *openapi3.Schema, c providertest.Call) {
	t.Helper()
	for name, values := range c.Form() {
		if strings.HasPrefix(name, "MessageAttributes.entry.") {
			name, values = "MessageAttributes", nil
		}
		known := false
		for _, part := range schema.AllOf {
			if field := part.Value.Properties[name]; field != nil {
				known = true
				for _, v := range values {
					if err := field.Value.VisitJSON(v); err != nil {
						t.Errorf("field %s: %v", name, err)
					}
				}
			}
		}
		if !known {
			t.Errorf("the document has no field %q", name)
		}
	}
	for _, part := range schema.AllOf {
		for _, name := range part.Value.Required {
			if !c.Form().Has(name) {
				t.Errorf("the document requires the field %q", name)
			}
		}
	}
}
