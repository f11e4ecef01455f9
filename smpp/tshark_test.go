package smpp

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// runTshark runs Wireshark's dissector, or skips the test if the machine has none.
func runTshark(t *testing.T, args ...string) string {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("SMSIR_REQUIRE"), ","), "tshark") {
			t.Fatal("tshark is required (SMSIR_REQUIRE) and not there")
		}
		t.Skip("SKIPPED: no tshark, so nothing is compared with another implementation; apt-get install tshark does that")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, tshark, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", tshark, strings.Join(args, " "), err)
	}
	return string(out)
}

// TestTsharkKnowsTheCodes compares the error codes with those that Wireshark knows.
func TestTsharkKnowsTheCodes(t *testing.T) {
	t.Parallel()
	theirs := map[CommandStatus]string{}
	for line := range strings.Lines(runTshark(t, "-G", "values")) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) == 5 && f[1] == "smpp.error_status_code" && f[2] == f[3] && !strings.Contains(f[4], "Reserved") {
			code, err := strconv.ParseUint(f[2], 0, 32)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			theirs[CommandStatus(code)] = f[4]
		}
	}
	if len(theirs) < 60 {
		t.Fatalf("tshark lists only %d codes", len(theirs))
	}
	for s := range CommandStatus(0x400) {
		if name, text := s.entry(); (name != "") != (theirs[s] != "") {
			t.Errorf("0x%X: here %q %q, in tshark %q", uint32(s), name, text, theirs[s])
		}
	}
}

// TestTsharkAgrees has Wireshark's dissector read what this package writes, and compares field by field.
func TestTsharkAgrees(t *testing.T) {
	t.Parallel()
	var sent []golden
	var pdus [][]byte
	for _, g := range goldens() {
		if _, raw := g.pdu.(*Raw); raw {
			continue // its body is not ours; tshark 4.0 trips over broadcast_rep_num
		}
		b, err := g.pdu.AppendPDU(nil, g.sequence)
		if err != nil {
			t.Fatalf("%s: %v", g.name, err)
		}
		sent, pdus = append(sent, g), append(pdus, b)
	}
	file := filepath.Join(t.TempDir(), "smpp.pcap")
	if err := os.WriteFile(file, capture(pdus), 0o600); err != nil {
		t.Fatal(err)
	}
	columns := tsharkColumns()
	args := []string{"-n", "-r", file, "-d", "tcp.port==2775,smpp", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=/s"}
	for _, c := range columns {
		args = append(args, "-e", c)
	}
	out := runTshark(t, args...)
	rows := strings.Split(strings.TrimRight(out, "\n"), "\n")
	if len(rows) != len(sent) {
		t.Fatalf("tshark sees %d PDUs, want %d:\n%s", len(rows), len(sent), out)
	}
	for i, row := range rows {
		want := tsharkFields(sent[i], len(pdus[i]))
		for j, got := range strings.Split(row, "\t") {
			if got != want[columns[j]] {
				t.Errorf("%s: tshark reads %s as %q, want %q\n%X", sent[i].name, columns[j], got, want[columns[j]], pdus[i])
			}
		}
	}
}

// tsharkColumns are the fields to compare. A field that a PDU does not have is empty.
func tsharkColumns() []string {
	return []string{
		"_ws.malformed", "smpp.command_length", "smpp.command_id", "smpp.command_status", "smpp.sequence_number",
		"smpp.system_id", "smpp.password", "smpp.system_type", "smpp.interface_version", "smpp.address_range",
		"smpp.service_type", "smpp.source_addr_ton", "smpp.source_addr", "smpp.dest_addr_ton", "smpp.destination_addr", "smpp.dl_name",
		"smpp.esm.submit.msg_mode", "smpp.esm.submit.msg_type", "smpp.esm.submit.features", "smpp.protocol_id", "smpp.priority_flag",
		"smpp.regdel.receipt", "smpp.regdel.acks", "smpp.regdel.notif", "smpp.replace_if_present_flag", "smpp.data_coding",
		"smpp.sm_default_msg_id", "smpp.sm_length", "smpp.message_id", "smpp.message_state", "smpp.error_code", "smpp.error_status_code",
		"smpp.esme_addr", "smpp.opt_param_tag", "smpp.opt_param_len", "smpp.sar_msg_ref_num", "smpp.sar_total_segments",
		"smpp.sar_segment_seqnum", "smpp.user_message_reference", "smpp.source_port", "smpp.destination_port",
		"smpp.network_error.type", "smpp.network_error.code", "smpp.delivery_failure_reason", "smpp.congestion_state",
		"smpp.ms_availability_status", "smpp.receipted_message_id", "smpp.additional_status_info_text", "smpp.dpf_result", "smpp.set_dpf",
	}
}

// fields are what tshark is expected to print.
type fields map[string]string

func (f fields) hex(name string, digits int, v int) { f.add(name, fmt.Sprintf("0x%0*x", digits, v)) }

func (f fields) number(name string, v int) { f.add(name, strconv.Itoa(v)) }

// service is service_type, which tshark prints even when it is empty.
func (f fields) service(v string) {
	if v == "" {
		v = "(Default)"
	}
	f.add("smpp.service_type", v)
}

func (f fields) add(name, v string) {
	if f[name] != "" {
		v = f[name] + " " + v
	}
	f[name] = v
}

func tsharkFields(g golden, length int) fields {
	f := fields{"smpp.command_length": strconv.Itoa(length), "smpp.sequence_number": strconv.Itoa(int(g.sequence))}
	f.hex("smpp.command_id", 8, int(g.pdu.CommandID()))
	if g.pdu.CommandID().IsResponse() {
		f.hex("smpp.command_status", 8, int(g.status))
		if g.status != ROK {
			return f // tshark does not look at the body of a refusal
		}
	}
	switch p := g.pdu.(type) {
	case *Bind:
		f.add("smpp.system_id", p.SystemID)
		f.add("smpp.password", p.Password)
		f.add("smpp.system_type", p.SystemType)
		f.number("smpp.interface_version", int(p.InterfaceVersion))
		f.add("smpp.address_range", p.AddressRange)
	case *BindResp:
		f.add("smpp.system_id", p.SystemID)
		f.tlvs(p.TLVs)
	case *Outbind:
		f.add("smpp.system_id", p.SystemID)
		f.add("smpp.password", p.Password)
	case *SubmitSM:
		f.submit(p)
	case *DeliverSM:
		f.submit((*SubmitSM)(p))
	case *SubmitSMResp:
		f.add("smpp.message_id", p.MessageID)
		f.tlvs(p.TLVs)
	case *SubmitMulti:
		f.multi(p)
	case *SubmitMultiResp:
		f.add("smpp.message_id", p.MessageID)
		for _, u := range p.UnsuccessSMEs {
			f.hex("smpp.dest_addr_ton", 2, int(u.DestAddrTON))
			f.add("smpp.destination_addr", u.DestinationAddr)
			f.hex("smpp.error_status_code", 8, int(u.ErrorStatusCode))
		}
	case *DataSM:
		f.service(p.ServiceType)
		f.addresses(p.SourceAddrTON, p.SourceAddr, p.DestAddrTON, p.DestinationAddr)
		f.flags(p.ESMClass, p.RegisteredDelivery)
		f.hex("smpp.data_coding", 2, int(p.DataCoding))
		f.tlvs(p.TLVs)
	case *DataSMResp:
		f.add("smpp.message_id", p.MessageID)
		f.tlvs(p.TLVs)
	case *QuerySM:
		f.add("smpp.message_id", p.MessageID)
		f.hex("smpp.source_addr_ton", 2, int(p.SourceAddrTON))
		f.add("smpp.source_addr", p.SourceAddr)
	case *QuerySMResp:
		f.add("smpp.message_id", p.MessageID)
		f.number("smpp.message_state", int(p.MessageState))
		f.number("smpp.error_code", int(p.ErrorCode))
	case *CancelSM:
		f.service(p.ServiceType)
		f.add("smpp.message_id", p.MessageID)
		f.addresses(p.SourceAddrTON, p.SourceAddr, p.DestAddrTON, p.DestinationAddr)
	case *ReplaceSM:
		f.add("smpp.message_id", p.MessageID)
		f.hex("smpp.source_addr_ton", 2, int(p.SourceAddrTON))
		f.add("smpp.source_addr", p.SourceAddr)
		f.registered(p.RegisteredDelivery)
		f.number("smpp.sm_default_msg_id", int(p.SMDefaultMsgID))
		f.number("smpp.sm_length", len(p.ShortMessage))
		f.tlvs(p.TLVs)
	case *AlertNotification:
		f.hex("smpp.source_addr_ton", 2, int(p.SourceAddrTON))
		f.add("smpp.source_addr", p.SourceAddr)
		f.add("smpp.esme_addr", p.ESMEAddr)
		f.tlvs(p.TLVs)
	}
	return f
}

func (f fields) addresses(sourceTON TON, source string, destTON TON, dest string) {
	f.hex("smpp.source_addr_ton", 2, int(sourceTON))
	f.add("smpp.source_addr", source)
	f.hex("smpp.dest_addr_ton", 2, int(destTON))
	f.add("smpp.destination_addr", dest)
}

func (f fields) flags(c ESMClass, d RegisteredDelivery) {
	f.hex("smpp.esm.submit.msg_mode", 2, int(c.Mode()))
	f.hex("smpp.esm.submit.msg_type", 2, int(c.Type()>>2))
	f.hex("smpp.esm.submit.features", 2, int(c>>6))
	f.registered(d)
}

func (f fields) registered(d RegisteredDelivery) {
	f.hex("smpp.regdel.receipt", 2, int(d.Receipt()))
	f.hex("smpp.regdel.acks", 2, int(d.Acknowledgements()>>2))
	f.hex("smpp.regdel.notif", 2, int(d&NotifyIntermediate>>4))
}

func (f fields) submit(p *SubmitSM) {
	f.service(p.ServiceType)
	f.addresses(p.SourceAddrTON, p.SourceAddr, p.DestAddrTON, p.DestinationAddr)
	f.tail(p.ESMClass, p.RegisteredDelivery, p.ProtocolID, p.PriorityFlag, p.ReplaceIfPresentFlag, p.DataCoding, p.SMDefaultMsgID, p.ShortMessage)
	f.tlvs(p.TLVs)
}

func (f fields) tail(c ESMClass, d RegisteredDelivery, pid, priority, replace uint8, coding DataCoding, id uint8, m []byte) {
	f.flags(c, d)
	f.hex("smpp.protocol_id", 2, int(pid))
	f.hex("smpp.priority_flag", 2, int(priority))
	f.hex("smpp.replace_if_present_flag", 2, int(replace))
	f.hex("smpp.data_coding", 2, int(coding))
	f.number("smpp.sm_default_msg_id", int(id))
	f.number("smpp.sm_length", len(m))
}

func (f fields) multi(p *SubmitMulti) {
	f.service(p.ServiceType)
	f.hex("smpp.source_addr_ton", 2, int(p.SourceAddrTON))
	f.add("smpp.source_addr", p.SourceAddr)
	for _, d := range p.DestAddresses {
		if d.DestFlag == DestFlagDistributionList {
			f.add("smpp.dl_name", d.DLName)
			continue
		}
		f.hex("smpp.dest_addr_ton", 2, int(d.DestAddrTON))
		f.add("smpp.destination_addr", d.DestinationAddr)
	}
	f.tail(p.ESMClass, p.RegisteredDelivery, p.ProtocolID, p.PriorityFlag, p.ReplaceIfPresentFlag, p.DataCoding, p.SMDefaultMsgID, p.ShortMessage)
}

// tlvs expects what the accessors say.
func (f fields) tlvs(l TLVs) {
	number := func(name string, v int, ok bool) {
		if ok {
			f.number(name, v)
		}
	}
	for _, t := range l {
		f.hex("smpp.opt_param_tag", 4, int(t.Tag))
		f.number("smpp.opt_param_len", len(t.Value))
	}
	if s, ok, _ := l.SAR(); ok {
		number("smpp.sar_msg_ref_num", int(s.MsgRefNum), true)
		number("smpp.sar_total_segments", int(s.TotalSegments), true)
		number("smpp.sar_segment_seqnum", int(s.SegmentSeqnum), true)
	}
	if ref, ok := l.UserMessageReference(); ok {
		f.hex("smpp.user_message_reference", 4, int(ref))
	}
	if port, ok := l.SourcePort(); ok {
		f.hex("smpp.source_port", 4, int(port))
	}
	if port, ok := l.DestinationPort(); ok {
		f.hex("smpp.destination_port", 4, int(port))
	}
	if e, ok := l.NetworkErrorCode(); ok {
		number("smpp.network_error.type", int(e.Type), true)
		f.hex("smpp.network_error.code", 4, int(e.Code))
	}
	reason, ok := l.DeliveryFailureReason()
	number("smpp.delivery_failure_reason", int(reason), ok)
	congestion, ok := l.CongestionState()
	number("smpp.congestion_state", int(congestion), ok)
	available, ok := l.MSAvailabilityStatus()
	number("smpp.ms_availability_status", int(available), ok)
	state, ok := l.MessageState()
	number("smpp.message_state", int(state), ok)
	for tag, name := range map[Tag]string{TagDPFResult: "smpp.dpf_result", TagSetDPF: "smpp.set_dpf"} {
		if v, ok := l.uint8(tag); ok {
			number(name, int(v), true)
		}
	}
	if id, ok := l.ReceiptedMessageID(); ok {
		f.add("smpp.receipted_message_id", id)
	}
	if text, ok := l.AdditionalStatusInfoText(); ok {
		f.add("smpp.additional_status_info_text", text)
	}
}

// capture writes a pcap file with a TCP segment to port 2775 for each PDU.
func capture(pdus [][]byte) []byte {
	le, be := binary.LittleEndian, binary.BigEndian
	b := le.AppendUint32(nil, 0xA1B2C3D4)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	b = le.AppendUint64(b, 0)
	b = le.AppendUint32(b, 1<<18)
	b = le.AppendUint32(b, 101) // raw IP
	sequence := uint32(1)
	for i, pdu := range pdus {
		n := uint32(len(pdu) + 40)
		b = le.AppendUint32(b, uint32(i))
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, n)
		b = le.AppendUint32(b, n)
		b = append(b, 0x45, 0)
		b = be.AppendUint16(b, uint16(n))
		b = append(b, 0, byte(i), 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1)
		b = be.AppendUint16(b, 40000)
		b = be.AppendUint16(b, 2775)
		b = be.AppendUint32(b, sequence)
		b = be.AppendUint32(b, 1)
		b = append(b, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0)
		b = append(b, pdu...)
		sequence += uint32(len(pdu))
	}
	return b
}
