package self

import ("testing";"unsafe")
func TestQuick(t *testing.T){
	var x byte
	id,lo,hi:=Bounds()
	a:=uintptr(unsafe.Pointer(&x))
	t.Logf("%x %x %x %x used %d %d",id,lo,a,hi,Used(),hi-a)
	if !(lo<a&&a<hi) {t.Error("no")}
	t.Log(Low())
	if Low() {t.Error("low")}
	s:=SlotOf(id)
	s.Mark()
	if !Low(){t.Error("not low")}
	s.Unmark()
	if Low(){t.Error("low")}
	s.SetLimit(Used()+1000)
	if Low(){t.Error("low")}
	s.SetLimit(Used()-100)
	if !Low(){t.Error("not low")}
	s.SetLimit(Room)
	SlotOf(id^(1<<shift)).Mark()
	if Low(){t.Error("low")}
	SlotOf(id^(1<<shift)).Unmark()
}
