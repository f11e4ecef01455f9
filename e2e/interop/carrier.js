// A carrier made of node-smpp: it takes every message, confirms its delivery, and has the recipient answer the first one. Its
// port and what it gets are lines of JSON on standard output. It ends with its standard input.
'use strict';
const smpp = require('smpp');

const print = (v) => console.log(JSON.stringify(v));
let last = 0x1a2b00;
let answered = false;

const server = smpp.createServer((session) => {
	session.on('error', (err) => console.error(err));
	for (const kind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
		session.on(kind, (pdu) => {
			print({ bind: kind, system_id: pdu.system_id, password: pdu.password, version: pdu.interface_version });
			session.send(pdu.response({ system_id: 'node', command_status: pdu.password === 'secret' ? 0 : smpp.ESME_RBINDFAIL }));
		});
	}
	session.on('enquire_link', (pdu) => session.send(pdu.response()));
	session.on('unbind', (pdu) => {
		session.send(pdu.response());
		print({ unbind: true });
		session.close();
	});
	session.on('deliver_sm_resp', (pdu) => print({ deliver: pdu.command_status }));
	session.on('submit_sm', (pdu) => {
		const id = (last += 1);
		print({
			submit: {
				from: pdu.source_addr, to: pdu.destination_addr, coding: pdu.data_coding, esm_class: pdu.esm_class,
				registered: pdu.registered_delivery, validity: String(pdu.validity_period),
				text: String(pdu.short_message.message), udh: pdu.short_message.udh ? pdu.short_message.udh.map((ie) => (Buffer.isBuffer(ie) ? ie.toString('hex') : ie)) : null,
			},
		});
		session.send(pdu.response({ message_id: id.toString(16).toUpperCase() })); // in hexadecimal here, and in decimal below
		session.deliver_sm({
			source_addr_ton: 1, source_addr_npi: 1, source_addr: pdu.destination_addr, dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: pdu.source_addr,
			esm_class: 0x04, short_message: `id:${id} sub:001 dlvrd:001 submit date:2611300400 done date:2611300401 stat:DELIVRD err:000 text:`,
		});
		if (!answered) {
			answered = true;
			session.deliver_sm({
				source_addr_ton: 1, source_addr_npi: 1, source_addr: pdu.destination_addr, dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: pdu.source_addr,
				short_message: 'Grüße aus Łódź 🌍',
			});
		}
	});
});

server.listen(0, '127.0.0.1', () => print({ port: server.address().port }));
process.stdin.resume().on('end', () => process.exit(0));
