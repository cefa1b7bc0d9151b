// Package drivertest has what a driver and its simulator must both keep to: one conformance suite a family. A suite is
// handed a maker of benches, a device under test with the hand that plays its other side, and runs every rule on a fresh
// one. It starts the external daemons that tests judge drivers with.
//
// It is for tests only; nothing of the shipped program imports it.
package drivertest
