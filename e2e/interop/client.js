// An ESME made of node-smpp: it binds to a server, submits what it is told to, and prints what came back, as one line of JSON.
// node client.js '{"port":2775,"system_id":"acme","password":"…","submits":[{…}],"receipts":3,"inbound":1}'
'use strict';
const smpp = require('smpp');

const job = JSON.parse(process.argv[2]);
const said = { bind: null, answers: [], receipts: [], inbound: [], unbind: null };
const session = smpp.connect({ host: '127.0.0.1', port: job.port });

session.on('error', (err) => {
	console.error(err);
	process.exit(1);
});

// fields turns what JSON cannot say into what node-smpp takes: {"udh": "050003cc0201", "message": "…"}.
function fields(submit) {
	const pdu = { ...submit };
	if (pdu.udh) {
		pdu.short_message = { udh: Buffer.from(pdu.udh, 'hex'), message: pdu.short_message };
		delete pdu.udh;
	}
	return pdu;
}

function text(pdu) {
	const m = pdu.short_message;
	return pdu.message_payload === undefined ? String(m.message ?? m) : String(pdu.message_payload.message ?? pdu.message_payload);
}

function finish() {
	if (said.answers.length < job.submits.length || said.receipts.length < job.receipts || said.inbound.length < job.inbound) {
		return;
	}
	session.unbind((pdu) => {
		said.unbind = pdu.command_status;
		console.log(JSON.stringify(said));
		session.close(() => process.exit(0));
	});
}

session.on('connect', () => {
	session.bind_transceiver({ system_id: job.system_id, password: job.password }, (bound) => {
		said.bind = { status: bound.command_status, system_id: bound.system_id };
		for (const submit of job.submits) {
			session.submit_sm(fields(submit), (resp) => {
				said.answers.push({ status: resp.command_status, id: resp.message_id });
				finish();
			});
		}
		console.log('"submitted"');
	});
});

session.on('deliver_sm', (pdu) => {
	session.send(pdu.response());
	const got = { esm_class: pdu.esm_class, from: pdu.source_addr, to: pdu.destination_addr, text: text(pdu), id: pdu.receipted_message_id, state: pdu.message_state };
	(pdu.esm_class & 0x3c ? said.receipts : said.inbound).push(got);
	finish();
});

session.on('enquire_link', (pdu) => session.send(pdu.response()));
