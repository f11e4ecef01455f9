package sqldb

// OpenMessages is for the test of its plan.
const OpenMessages = openMessages
