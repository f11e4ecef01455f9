package smpp

import "fmt"

// Tag says which optional parameter a TLV is.
//
// SMPP 3.4 §5.3.2, SMPP 5.0 §4.8.1
type Tag uint16

// The tags of SMPP 3.4 (§5.3) and of SMPP 5.0 (§4.8.4). The broadcast ones have no accessors in this package.
const (
	TagDestAddrSubunit            Tag = 0x0005 // SMPP 3.4 §5.3.2.1
	TagDestNetworkType            Tag = 0x0006 // SMPP 3.4 §5.3.2.3
	TagDestBearerType             Tag = 0x0007 // SMPP 3.4 §5.3.2.5
	TagDestTelematicsID           Tag = 0x0008 // SMPP 3.4 §5.3.2.7
	TagSourceAddrSubunit          Tag = 0x000D // SMPP 3.4 §5.3.2.2
	TagSourceNetworkType          Tag = 0x000E // SMPP 3.4 §5.3.2.4
	TagSourceBearerType           Tag = 0x000F // SMPP 3.4 §5.3.2.6
	TagSourceTelematicsID         Tag = 0x0010 // SMPP 3.4 §5.3.2.8
	TagQOSTimeToLive              Tag = 0x0017 // SMPP 3.4 §5.3.2.9
	TagPayloadType                Tag = 0x0019 // SMPP 3.4 §5.3.2.10
	TagAdditionalStatusInfoText   Tag = 0x001D // SMPP 3.4 §5.3.2.11
	TagReceiptedMessageID         Tag = 0x001E // SMPP 3.4 §5.3.2.12
	TagMSMsgWaitFacilities        Tag = 0x0030 // SMPP 3.4 §5.3.2.13
	TagPrivacyIndicator           Tag = 0x0201 // SMPP 3.4 §5.3.2.14
	TagSourceSubaddress           Tag = 0x0202 // SMPP 3.4 §5.3.2.15
	TagDestSubaddress             Tag = 0x0203 // SMPP 3.4 §5.3.2.16
	TagUserMessageReference       Tag = 0x0204 // SMPP 3.4 §5.3.2.17
	TagUserResponseCode           Tag = 0x0205 // SMPP 3.4 §5.3.2.18
	TagSourcePort                 Tag = 0x020A // SMPP 3.4 §5.3.2.20
	TagDestinationPort            Tag = 0x020B // SMPP 3.4 §5.3.2.21
	TagSARMsgRefNum               Tag = 0x020C // SMPP 3.4 §5.3.2.22
	TagLanguageIndicator          Tag = 0x020D // SMPP 3.4 §5.3.2.19
	TagSARTotalSegments           Tag = 0x020E // SMPP 3.4 §5.3.2.23
	TagSARSegmentSeqnum           Tag = 0x020F // SMPP 3.4 §5.3.2.24
	TagSCInterfaceVersion         Tag = 0x0210 // SMPP 3.4 §5.3.2.25
	TagCallbackNumPresInd         Tag = 0x0302 // SMPP 3.4 §5.3.2.37
	TagCallbackNumAtag            Tag = 0x0303 // SMPP 3.4 §5.3.2.38
	TagNumberOfMessages           Tag = 0x0304 // SMPP 3.4 §5.3.2.39
	TagCallbackNum                Tag = 0x0381 // SMPP 3.4 §5.3.2.36
	TagDPFResult                  Tag = 0x0420 // SMPP 3.4 §5.3.2.28
	TagSetDPF                     Tag = 0x0421 // SMPP 3.4 §5.3.2.29
	TagMSAvailabilityStatus       Tag = 0x0422 // SMPP 3.4 §5.3.2.30
	TagNetworkErrorCode           Tag = 0x0423 // SMPP 3.4 §5.3.2.31
	TagMessagePayload             Tag = 0x0424 // SMPP 3.4 §5.3.2.32
	TagDeliveryFailureReason      Tag = 0x0425 // SMPP 3.4 §5.3.2.33
	TagMoreMessagesToSend         Tag = 0x0426 // SMPP 3.4 §5.3.2.34
	TagMessageState               Tag = 0x0427 // SMPP 3.4 §5.3.2.35
	TagCongestionState            Tag = 0x0428 // SMPP 5.0 §4.8.4.18
	TagUSSDServiceOp              Tag = 0x0501 // SMPP 3.4 §5.3.2.44
	TagBroadcastChannelIndicator  Tag = 0x0600 // SMPP 5.0 §4.8.4.7
	TagBroadcastContentType       Tag = 0x0601 // SMPP 5.0 §4.8.4.8
	TagBroadcastContentTypeInfo   Tag = 0x0602 // SMPP 5.0 §4.8.4.6
	TagBroadcastMessageClass      Tag = 0x0603 // SMPP 5.0 §4.8.4.12
	TagBroadcastRepNum            Tag = 0x0604 // SMPP 5.0 §4.8.4.13
	TagBroadcastFrequencyInterval Tag = 0x0605 // SMPP 5.0 §4.8.4.11
	TagBroadcastAreaIdentifier    Tag = 0x0606 // SMPP 5.0 §4.8.4.4
	TagBroadcastErrorStatus       Tag = 0x0607 // SMPP 5.0 §4.8.4.10
	TagBroadcastAreaSuccess       Tag = 0x0608 // SMPP 5.0 §4.8.4.5
	TagBroadcastEndTime           Tag = 0x0609 // SMPP 5.0 §4.8.4.9
	TagBroadcastServiceGroup      Tag = 0x060A // SMPP 5.0 §4.8.4.14
	TagBillingIdentification      Tag = 0x060B // SMPP 5.0 §4.8.4.3
	TagSourceNetworkID            Tag = 0x060D // SMPP 5.0 §4.8.4.56
	TagDestNetworkID              Tag = 0x060E // SMPP 5.0 §4.8.4.25
	TagSourceNodeID               Tag = 0x060F // SMPP 5.0 §4.8.4.58
	TagDestNodeID                 Tag = 0x0610 // SMPP 5.0 §4.8.4.27
	TagDestAddrNPResolution       Tag = 0x0611 // SMPP 5.0 §4.8.4.22
	TagDestAddrNPInformation      Tag = 0x0612 // SMPP 5.0 §4.8.4.21
	TagDestAddrNPCountry          Tag = 0x0613 // SMPP 5.0 §4.8.4.20
	TagDisplayTime                Tag = 0x1201 // SMPP 3.4 §5.3.2.26
	TagSMSSignal                  Tag = 0x1203 // SMPP 3.4 §5.3.2.40
	TagMSValidity                 Tag = 0x1204 // SMPP 3.4 §5.3.2.27
	TagAlertOnMessageDelivery     Tag = 0x130C // SMPP 3.4 §5.3.2.41
	TagITSReplyType               Tag = 0x1380 // SMPP 3.4 §5.3.2.42
	TagITSSessionInfo             Tag = 0x1383 // SMPP 3.4 §5.3.2.43
)

// IsVendor reports whether the tag is one that the vendor of the SMSC has defined: 0x1400 to 0x3FFF.
//
// SMPP 3.4 §5.3.1
func (t Tag) IsVendor() bool { return 0x1400 <= t && t <= 0x3FFF }

// String is the name that the standard uses, such as "sar_msg_ref_num", or the number in hexadecimal, such as "0x1403".
func (t Tag) String() string {
	if name := t.name(); name != "" {
		return name
	}
	return fmt.Sprintf("0x%04X", uint16(t))
}

func (t Tag) name() string {
	switch t {
	case TagDestAddrSubunit:
		return "dest_addr_subunit"
	case TagDestNetworkType:
		return "dest_network_type"
	case TagDestBearerType:
		return "dest_bearer_type"
	case TagDestTelematicsID:
		return "dest_telematics_id"
	case TagSourceAddrSubunit:
		return "source_addr_subunit"
	case TagSourceNetworkType:
		return "source_network_type"
	case TagSourceBearerType:
		return "source_bearer_type"
	case TagSourceTelematicsID:
		return "source_telematics_id"
	case TagQOSTimeToLive:
		return "qos_time_to_live"
	case TagPayloadType:
		return "payload_type"
	case TagAdditionalStatusInfoText:
		return "additional_status_info_text"
	case TagReceiptedMessageID:
		return "receipted_message_id"
	case TagMSMsgWaitFacilities:
		return "ms_msg_wait_facilities"
	case TagPrivacyIndicator:
		return "privacy_indicator"
	case TagSourceSubaddress:
		return "source_subaddress"
	case TagDestSubaddress:
		return "dest_subaddress"
	case TagUserMessageReference:
		return "user_message_reference"
	case TagUserResponseCode:
		return "user_response_code"
	case TagSourcePort:
		return "source_port"
	case TagDestinationPort:
		return "destination_port"
	case TagSARMsgRefNum:
		return "sar_msg_ref_num"
	case TagLanguageIndicator:
		return "language_indicator"
	case TagSARTotalSegments:
		return "sar_total_segments"
	case TagSARSegmentSeqnum:
		return "sar_segment_seqnum"
	case TagSCInterfaceVersion:
		return "sc_interface_version"
	case TagCallbackNumPresInd:
		return "callback_num_pres_ind"
	case TagCallbackNumAtag:
		return "callback_num_atag"
	case TagNumberOfMessages:
		return "number_of_messages"
	case TagCallbackNum:
		return "callback_num"
	case TagDPFResult:
		return "dpf_result"
	case TagSetDPF:
		return "set_dpf"
	case TagMSAvailabilityStatus:
		return "ms_availability_status"
	case TagNetworkErrorCode:
		return "network_error_code"
	case TagMessagePayload:
		return "message_payload"
	case TagDeliveryFailureReason:
		return "delivery_failure_reason"
	case TagMoreMessagesToSend:
		return "more_messages_to_send"
	case TagMessageState:
		return "message_state"
	case TagCongestionState:
		return "congestion_state"
	case TagUSSDServiceOp:
		return "ussd_service_op"
	case TagBroadcastChannelIndicator:
		return "broadcast_channel_indicator"
	case TagBroadcastContentType:
		return "broadcast_content_type"
	case TagBroadcastContentTypeInfo:
		return "broadcast_content_type_info"
	case TagBroadcastMessageClass:
		return "broadcast_message_class"
	case TagBroadcastRepNum:
		return "broadcast_rep_num"
	case TagBroadcastFrequencyInterval:
		return "broadcast_frequency_interval"
	case TagBroadcastAreaIdentifier:
		return "broadcast_area_identifier"
	case TagBroadcastErrorStatus:
		return "broadcast_error_status"
	case TagBroadcastAreaSuccess:
		return "broadcast_area_success"
	case TagBroadcastEndTime:
		return "broadcast_end_time"
	case TagBroadcastServiceGroup:
		return "broadcast_service_group"
	case TagBillingIdentification:
		return "billing_identification"
	case TagSourceNetworkID:
		return "source_network_id"
	case TagDestNetworkID:
		return "dest_network_id"
	case TagSourceNodeID:
		return "source_node_id"
	case TagDestNodeID:
		return "dest_node_id"
	case TagDestAddrNPResolution:
		return "dest_addr_np_resolution"
	case TagDestAddrNPInformation:
		return "dest_addr_np_information"
	case TagDestAddrNPCountry:
		return "dest_addr_np_country"
	case TagDisplayTime:
		return "display_time"
	case TagSMSSignal:
		return "sms_signal"
	case TagMSValidity:
		return "ms_validity"
	case TagAlertOnMessageDelivery:
		return "alert_on_message_delivery"
	case TagITSReplyType:
		return "its_reply_type"
	case TagITSSessionInfo:
		return "its_session_info"
	}
	return ""
}

// lengths is how many octets the value may have. ok is false for tags that this package does not know.
//
// SMPP 3.4 §5.3.2, SMPP 5.0 §4.8.4
func (t Tag) lengths() (least, most int, ok bool) {
	switch t {
	case TagDestAddrSubunit, TagDestNetworkType, TagDestBearerType, TagSourceAddrSubunit, TagSourceNetworkType,
		TagSourceBearerType, TagSourceTelematicsID, TagPayloadType, TagMSMsgWaitFacilities, TagPrivacyIndicator,
		TagUserResponseCode, TagLanguageIndicator, TagSARTotalSegments, TagSARSegmentSeqnum, TagSCInterfaceVersion,
		TagCallbackNumPresInd, TagNumberOfMessages, TagDPFResult, TagSetDPF, TagMSAvailabilityStatus,
		TagDeliveryFailureReason, TagMoreMessagesToSend, TagMessageState, TagCongestionState, TagUSSDServiceOp,
		TagBroadcastChannelIndicator, TagBroadcastMessageClass, TagBroadcastAreaSuccess, TagDestAddrNPResolution,
		TagDisplayTime, TagITSReplyType:
		return 1, 1, true
	case TagDestTelematicsID, TagUserMessageReference, TagSourcePort, TagDestinationPort, TagSARMsgRefNum,
		TagBroadcastRepNum, TagSMSSignal, TagITSSessionInfo:
		return 2, 2, true
	case TagNetworkErrorCode, TagBroadcastContentType, TagBroadcastFrequencyInterval:
		return 3, 3, true
	case TagQOSTimeToLive, TagBroadcastErrorStatus:
		return 4, 4, true
	case TagAdditionalStatusInfoText:
		return 1, 256, true
	case TagReceiptedMessageID, TagCallbackNumAtag:
		return 1, 65, true
	case TagSourceSubaddress, TagDestSubaddress:
		return 2, 23, true
	case TagCallbackNum:
		return 4, 19, true
	case TagMessagePayload, TagBroadcastAreaIdentifier:
		return 0, 0xFFFF, true
	case TagBroadcastContentTypeInfo, TagBroadcastServiceGroup:
		return 1, 255, true
	case TagBroadcastEndTime:
		return 16, 17, true
	case TagBillingIdentification:
		return 1, 1024, true
	case TagSourceNetworkID, TagDestNetworkID:
		return 1, 66, true
	case TagSourceNodeID, TagDestNodeID:
		return 6, 6, true
	case TagDestAddrNPInformation:
		return 10, 10, true
	case TagDestAddrNPCountry:
		return 1, 5, true
	case TagMSValidity:
		return 1, 4, true
	case TagAlertOnMessageDelivery:
		return 0, 1, true
	}
	return 0, 0, false
}
