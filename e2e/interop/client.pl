# An ESME made of Net::SMPP: it binds, submits, asks what became of the message, waits for the receipt, cancels a message that
# has ended, and prints what it was told as one line of JSON.
# perl client.pl PORT SYSTEM_ID PASSWORD TO FROM TEXT
use strict;
use warnings;
use JSON::PP;
use Net::SMPP;

my ($port, $system_id, $password, $to, $from, $text) = @ARGV;
my %said = (receipts => []);
$SIG{ALRM} = sub { die "no answer for too long\n" };
alarm 40;

my ($smpp, $bound) = Net::SMPP->new_transceiver('127.0.0.1', port => $port, system_id => $system_id, password => $password)
	or die "bind: $!\n";
$said{bind} = {status => $bound->status, system_id => $bound->{system_id}};

# wait_for reads until an answer with a sequence number; what is delivered before is noted and answered.
sub wait_for {
	my ($command, $seq) = @_;
	while (1) {
		my $pdu = $smpp->read_pdu() or die "the server hung up\n";
		if ($pdu->cmd == Net::SMPP::CMD_deliver_sm()) {
			$smpp->deliver_sm_resp(seq => $pdu->seq, message_id => '');
			push @{$said{receipts}}, {from => $pdu->{source_addr}, to => $pdu->{destination_addr}, esm_class => $pdu->{esm_class}, text => $pdu->{short_message}};
			return $pdu if !defined $command;
			next;
		}
		if ($pdu->cmd == Net::SMPP::CMD_enquire_link()) {
			$smpp->enquire_link_resp(seq => $pdu->seq);
			next;
		}
		return $pdu if defined $command && $pdu->cmd == ($command | 0x80000000) && $pdu->seq == $seq;
	}
}

my %common = (source_addr_ton => 1, source_addr_npi => 1, source_addr => $from, dest_addr_ton => 1, dest_addr_npi => 1, destination_addr => $to, async => 1);
my $answer = wait_for(Net::SMPP::CMD_submit_sm(), $smpp->submit_sm(%common, registered_delivery => 1, short_message => $text));
$said{submit} = {status => $answer->status, id => $answer->{message_id}};
wait_for(undef) until @{$said{receipts}};
my $id = $answer->{message_id};
$answer = wait_for(Net::SMPP::CMD_query_sm(), $smpp->query_sm(source_addr_ton => 1, source_addr_npi => 1, source_addr => $from, message_id => $id, async => 1));
$said{query} = {status => $answer->status, id => $answer->{message_id}, state => $answer->{message_state}};
$answer = wait_for(Net::SMPP::CMD_cancel_sm(), $smpp->cancel_sm(%common, message_id => $id));
$said{cancel} = {status => $answer->status};
$answer = wait_for(Net::SMPP::CMD_enquire_link(), $smpp->enquire_link(async => 1));
$said{enquire_link} = {status => $answer->status};
$answer = wait_for(Net::SMPP::CMD_unbind(), $smpp->unbind(async => 1));
$said{unbind} = {status => $answer->status};
print JSON::PP->new->canonical->encode(\%said), "\n";
