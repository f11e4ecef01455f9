package smpp

// Check reports the first rule of the standard that the PDU breaks although it could be read: user data in two places, a
// user data header that does not fit, sar_ parameters that contradict themselves, times that are none, a TLV of the wrong
// length. The error is a [*CheckError], whose CommandStatus is the answer. Whether a time is in the past, and what a
// customer may do, is the caller's to judge. A server calls Check before it accepts; a client that must not lose what
// comes in does not.
//
// SMPP 3.4 §4.4.1
func (p *SubmitSM) Check() error {
	return checkSubmit(CommandSubmitSM, p.ESMClass, p.ScheduleDeliveryTime, p.ValidityPeriod, p.ReplaceIfPresentFlag, p.ShortMessage, p.TLVs)
}

// Check is [SubmitSM.Check].
//
// SMPP 3.4 §4.5.1
func (p *SubmitMulti) Check() error {
	return checkSubmit(CommandSubmitMulti, p.ESMClass, p.ScheduleDeliveryTime, p.ValidityPeriod, p.ReplaceIfPresentFlag, p.ShortMessage, p.TLVs)
}

// Check is [SubmitSM.Check] for the fields that data_sm has.
//
// SMPP 3.4 §4.7.1
func (p *DataSM) Check() error {
	return checkSubmit(CommandDataSM, p.ESMClass, "", "", 0, nil, p.TLVs)
}

// Check is [SubmitSM.Check] for the fields that replace_sm has.
//
// SMPP 3.4 §4.10.1
func (p *ReplaceSM) Check() error {
	return checkSubmit(CommandReplaceSM, 0, p.ScheduleDeliveryTime, p.ValidityPeriod, 0, p.ShortMessage, p.TLVs)
}

func checkSubmit(c CommandID, class ESMClass, schedule, validity string, replace uint8, shortMessage []byte, l TLVs) error {
	fault := func(field string, err error) error { return &CheckError{CommandID: c, Field: field, Err: err} }
	if payload, ok := l.MessagePayload(); ok && len(payload) > 0 && len(shortMessage) > 0 {
		return fault("TLV message_payload", ErrTwoMessages)
	}
	if data := userData(shortMessage, l); class.UDHI() && (len(data) == 0 || int(data[0]) >= len(data)) {
		// The length octet counts what follows it. 3GPP TS 23.040 §9.2.3.24
		return fault("esm_class", ErrLength)
	}
	if _, err := ParseTime(schedule); err != nil {
		return fault("schedule_delivery_time", err)
	}
	if _, err := ParseTime(validity); err != nil {
		return fault("validity_period", err)
	}
	if replace > 1 {
		return fault("replace_if_present_flag", ErrValue)
	}
	if err := l.Check(); err != nil {
		return err
	}
	_, _, err := l.SAR()
	return err
}
