package server

import (
	"net"
	"net/netip"
)

// reach writes into LiveKit's rtc section which of this machine's addresses carry
// media when browsers reach it at mediaIP.
//
// LiveKit lets several sockets stand for one node_ip, one on each interface, and ICE
// keeps the first of candidates that look alike: packets that come in at another
// interface than that one are dropped. So there is one socket: at mediaIP itself where
// it is this machine's, else at the address that traffic to mediaIP leaves by, which is
// where a NAT sends what comes in. Where there is no route to it, the choice is LiveKit's.
func reach(rtc map[string]any, mediaIP netip.Addr) {
	local, own := localFor(mediaIP)
	if !own {
		rtc["node_ip"] = mediaIP.String()
	}
	if local.IsLoopback() {
		rtc["enable_loopback_candidate"] = true
	}
	if local.IsValid() {
		rtc["ips"] = map[string]any{"includes": []string{netip.PrefixFrom(local, local.BitLen()).String()}}
	}
}

// localFor returns the address of this machine that serves ip: ip itself, then own is
// true, or the one by which ip is reached, invalid where there is none.
func localFor(ip netip.Addr) (local netip.Addr, own bool) {
	if addrs, err := net.InterfaceAddrs(); err == nil {
		for _, addr := range addrs {
			if prefix, err := netip.ParsePrefix(addr.String()); err == nil && prefix.Addr() == ip {
				return ip, true
			}
		}
	}
	// No packet is sent: a UDP socket only asks for the route.
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 9)))
	if err != nil {
		return netip.Addr{}, false
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), false
}
