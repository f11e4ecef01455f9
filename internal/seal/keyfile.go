package seal

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// FileName is the name of the key file in the data folder.
const FileName = "secret.key"

const (
	keySize     = 32
	maxFileSize = 64 << 10
)

// Keys are the master keys of an instance, oldest first. The newest seals; all of them open.
type Keys struct {
	list []master
}

type master struct {
	id     byte
	secret []byte
}

// Load reads the key file of a data folder. When there is none, it makes one with a new random key, unless sealed says
// that there are values already that only the missing key opens: then it fails. It also fails, without changing
// anything, when the file is readable or writable by anybody but its owner, or does not hold what it should.
func Load(dataDir string, sealed bool) (*Keys, error) {
	path := filepath.Join(dataDir, FileName)
	content, err := readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && sealed:
		return nil, fmt.Errorf("key file %s is missing, but the database holds secrets sealed with it: put the file back from your backup; without it the providers' secrets are lost and have to be entered again", path)
	case errors.Is(err, fs.ErrNotExist):
		return create(path)
	case err != nil:
		return nil, err
	}
	keys, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

// readFile reads the file after checking, on the open file, that nobody else can.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("key file %s is not a regular file", path)
	}
	if err := checkMode(path, info.Mode()); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFileSize {
		return nil, fmt.Errorf("key file %s is larger than %d bytes: this is not a key file", path, maxFileSize)
	}
	return content, nil
}

// parse reads lines of a key id (1 to 255) and 64 hexadecimal digits. Blank lines and lines that start with # are
// left out.
func parse(content []byte) (*Keys, error) {
	keys := &Keys{}
	seen := map[byte]bool{}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		if len(words) != 2 {
			return nil, fmt.Errorf("line %d: want a key number and %d hexadecimal digits", n, 2*keySize)
		}
		id, err := strconv.ParseUint(words[0], 10, 8)
		if err != nil || id == 0 {
			return nil, fmt.Errorf("line %d: the key number must be 1 to 255", n)
		}
		secret, err := hex.DecodeString(words[1])
		if err != nil || len(secret) != keySize {
			return nil, fmt.Errorf("line %d: key %d has %d characters, want %d hexadecimal digits", n, id, len(words[1]), 2*keySize)
		}
		if seen[byte(id)] {
			return nil, fmt.Errorf("line %d: key %d is there twice", n, id)
		}
		seen[byte(id)] = true
		keys.list = append(keys.list, master{byte(id), secret})
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(keys.list) == 0 {
		return nil, errors.New("holds no key: put it back from your backup")
	}
	return keys, nil
}

// create writes a file with one new key. It appears under its name whole and on disk, or not at all; a file that
// another process made in the meantime is taken instead.
func create(path string) (*Keys, error) {
	secret := make([]byte, keySize)
	_, _ = rand.Read(secret) // never fails since Go 1.24: the program ends instead
	content := fmt.Sprintf("# Master key of this SMSir instance, made %s.\n# Keep a copy apart from the copies of the database: without it the providers' secrets cannot be read.\n1 %s\n",
		time.Now().UTC().Format(time.DateOnly), hex.EncodeToString(secret))

	tmp, err := os.CreateTemp(filepath.Dir(path), FileName+".*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already when all went well
	_, err = tmp.WriteString(content)
	if err == nil {
		err = tmp.Sync()
	}
	if err := errors.Join(err, tmp.Close()); err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	if err := os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return Load(filepath.Dir(path), true)
	} else if err != nil { // a file system without links
		if err := os.Rename(tmp.Name(), path); err != nil {
			return nil, fmt.Errorf("make the key file: %w", err)
		}
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	return parse([]byte(content))
}
