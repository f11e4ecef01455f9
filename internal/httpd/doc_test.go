package httpd

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write api/openapi.json anew")

// TestOpenAPIFile compares api/openapi.json, from which clients are generated, with what the routes
// and wire types say. After a change of them: go test ./internal/httpd -run TestOpenAPIFile -update
func TestOpenAPIFile(t *testing.T) {
	t.Parallel()
	const file = "../../api/openapi.json"
	want := OpenAPI()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("api/openapi.json (%d bytes) is not what the routes say (%d bytes): go test ./internal/httpd -run TestOpenAPIFile -update", len(got), len(want))
	}
}
