package a

func testOnly(n *Node) {
	if n != nil {
		testOnly(n.Left)
	}
}
