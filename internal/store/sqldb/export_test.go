package sqldb

// For the test of their plans.
const (
	OpenMessages = openMessages
	EndedCodes   = endedCodes
)
