// Package mediatest holds the contract that every media.Backend passes, Run,
// and an in-memory backend, Memory, for tests of the packages that use one.
package mediatest
