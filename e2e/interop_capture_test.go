package e2e

import (
	bin "encoding/binary"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// tap passes TCP connections on and keeps what went through, as a capture for tshark. It needs no rights.
type tap struct {
	address string
	mu      sync.Mutex
	pcap    []byte
	next    [2]map[uint16]uint32 // TCP sequence numbers by the port of a connection, in each direction
	target  string
}

const smppPort = 2775 // of the server in the capture

// record starts a tap in front of a port of this machine.
func record(t *testing.T, port int) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &tap{address: l.Addr().String(), target: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), next: [2]map[uint16]uint32{{}, {}}}
	le := bin.LittleEndian
	p.pcap = le.AppendUint32(p.pcap, 0xA1B2C3D4)
	p.pcap = append(p.pcap, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	p.pcap = le.AppendUint32(p.pcap, 1<<18)
	p.pcap = le.AppendUint32(p.pcap, 101) // raw IP
	var all sync.WaitGroup
	all.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", p.target)
			if err != nil {
				_ = from.Close()
				continue
			}
			id := uint16(from.RemoteAddr().(*net.TCPAddr).Port) //nolint:gosec // a port
			all.Go(func() { p.pass(from, to, id, 0) })
			all.Go(func() { p.pass(to, from, id, 1) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	return p
}

// pass copies one direction of a connection until it ends, and closes both ends then.
func (p *tap) pass(from, to net.Conn, id uint16, direction int) {
	defer to.Close()   //nolint:errcheck // the connection has ended
	defer from.Close() //nolint:errcheck // the same
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 {
			p.keep(b[:n], id, direction)
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// keep adds a TCP segment to the capture.
func (p *tap) keep(data []byte, id uint16, direction int) {
	le, be := bin.LittleEndian, bin.BigEndian
	ports := [2]uint16{id, smppPort}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := uint32(len(data) + 40) //nolint:gosec // at most 32 KiB
	b := append(p.pcap, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint32(b, n)
	b = le.AppendUint32(b, n)
	b = append(b, 0x45, 0)
	b = be.AppendUint16(b, uint16(n)) //nolint:gosec // at most 32 KiB
	b = append(b, 0, 0, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1)
	b = be.AppendUint16(b, ports[direction])
	b = be.AppendUint16(b, ports[1-direction])
	b = be.AppendUint32(b, p.next[direction][id]+1)
	b = be.AppendUint32(b, p.next[1-direction][id]+1)
	b = append(b, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0)
	p.pcap = append(b, data...)
	p.next[direction][id] += uint32(len(data)) //nolint:gosec // at most 32 KiB
}

// dissect lets Wireshark's dissector read the whole conversation: at least so many PDUs, and nothing that it calls malformed
// or worth a warning. Without tshark it says so, and the rest of the test stands.
func (p *tap) dissect(t *testing.T, least int) {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if required("tshark") {
			t.Fatal("tshark is required (SMSIR_REQUIRE) and not there: apt-get install tshark")
		}
		t.Log("NOT RUN: tshark is not there, so nobody else judges the PDUs: apt-get install tshark")
		return
	}
	p.mu.Lock()
	file := filepath.Join(t.TempDir(), "smpp.pcap")
	err = os.WriteFile(file, p.pcap, 0o600)
	p.mu.Unlock()
	must(t, err)
	out, err := exec.CommandContext(t.Context(), tshark, "-n", "-r", file, "-d", "tcp.port==2775,smpp", "-T", "fields", "-E", "aggregator=/s",
		"-e", "_ws.malformed", "-e", "_ws.expert.severity", "-e", "_ws.expert.message", "-e", "smpp.command_id").Output()
	must(t, err)
	pdus := 0
	const warning = 6 << 20 // PI_WARN; chats and notes about TCP are below it
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		for _, severity := range strings.Fields(f[1]) {
			if n, err := strconv.Atoi(severity); err != nil || n >= warning {
				t.Errorf("tshark complains: %s", line)
			}
		}
		if f[0] != "" {
			t.Errorf("tshark calls it malformed: %s", line)
		}
		pdus += len(strings.Fields(f[3]))
	}
	if pdus < least {
		t.Errorf("tshark saw %d PDUs, want at least %d", pdus, least)
	}
}
