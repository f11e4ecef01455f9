// Package web holds the built web app inside the binary.
//
// It is in charge of one thing: giving the server the files that `npm run build` wrote to dist. It does not serve
// them; headers, compression negotiation and the fallback to index.html for deep links belong to package httpd.
// Beside every text file lie a .br and a .gz twin of the same content. Files under assets/ carry a hash of their
// content in their name and may be cached for ever; index.html, sw.js, boot.js and manifest.webmanifest may not.
//
// On failure: a binary built without the web app still compiles and runs; [FS] then holds one page that says how to
// build it, and [Built] reports false.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed placeholder
var placeholder embed.FS

// Built reports whether the web app was built before this binary was.
func Built() bool {
	_, err := fs.Stat(dist, "dist/index.html")
	return err == nil
}

// FS returns the files of the web app, index.html at its root. Without a build it holds only a page that says how to
// make one. The file system is read-only and safe for concurrent use.
func FS() fs.FS {
	if Built() {
		return sub(dist, "dist")
	}
	return sub(placeholder, "placeholder")
}

// sub cannot fail for the two names above: the compiler has checked that both directories exist.
func sub(files embed.FS, dir string) fs.FS {
	s, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return s
}
