package main

import "github.com/smsir/smsir/internal/httpd"

// openAPICommand prints the document from which clients are generated: api/openapi.json of the
// repository holds the same bytes.
type openAPICommand struct{}

// Run writes the document.
func (openAPICommand) Run(p process) error {
	_, err := p.out.Write(httpd.OpenAPI())
	return err
}
