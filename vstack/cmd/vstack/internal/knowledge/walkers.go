package knowledge

// A Walker is a function of the standard library that recurses on a value that it is
// given, as deep as that is.
type Walker struct {
	Arg      int      // which argument, the receiver counted; the last means all of a variadic list
	Exported bool     // goes into exported fields only
	Slices   bool     // follows slices and maps
	Pointers bool     // follows pointers, slices and maps
	Methods  []string // a type with one of these is asked instead
	Limit    string   // why what it walks is not deep
}

// Walkers by their names. Decoders are not among them: encoding/json and encoding/xml
// refuse more than 10,000 levels.
var Walkers = map[string]Walker{
	"encoding/json.Marshal":                     jsonWalker(0),
	"encoding/json.MarshalIndent":               jsonWalker(0),
	"(*encoding/json.Encoder).Encode":           jsonWalker(1),
	"encoding/json/v2.Marshal":                  jsonWalker(0),
	"encoding/json/v2.MarshalWrite":             jsonWalker(1),
	"encoding/json/v2.MarshalEncode":            jsonWalker(1),
	"encoding/xml.Marshal":                      xmlWalker(0),
	"encoding/xml.MarshalIndent":                xmlWalker(0),
	"(*encoding/xml.Encoder).Encode":            xmlWalker(1),
	"(*encoding/xml.Encoder).EncodeElement":     xmlWalker(1),
	"(*encoding/gob.Encoder).Encode":            {Arg: 1, Exported: true, Pointers: true, Methods: []string{"GobEncode", "MarshalBinary"}},
	"encoding/asn1.Marshal":                     {Arg: 0, Exported: true, Slices: true},
	"encoding/asn1.MarshalWithParams":           {Arg: 0, Exported: true, Slices: true},
	"reflect.DeepEqual":                         {Arg: 0, Pointers: true},
	"(*text/template.Template).Execute":         fmtWalker(2),
	"(*text/template.Template).ExecuteTemplate": fmtWalker(3),
	"(*html/template.Template).Execute":         fmtWalker(2),
	"(*html/template.Template).ExecuteTemplate": fmtWalker(3),
	"fmt.Print": fmtWalker(0), "fmt.Println": fmtWalker(0), "fmt.Printf": fmtWalker(1),
	"fmt.Sprint": fmtWalker(0), "fmt.Sprintln": fmtWalker(0), "fmt.Sprintf": fmtWalker(1),
	"fmt.Fprint": fmtWalker(1), "fmt.Fprintln": fmtWalker(1), "fmt.Fprintf": fmtWalker(2),
	"fmt.Append": fmtWalker(1), "fmt.Appendln": fmtWalker(1), "fmt.Appendf": fmtWalker(2),
	"fmt.Errorf":     fmtWalker(1),
	"go/ast.Inspect": {Arg: 0, Pointers: true, Limit: goParser},
	"go/ast.Walk":    {Arg: 1, Pointers: true, Limit: goParser},
	"go/ast.Print":   {Arg: 1, Pointers: true, Limit: goParser},
	"go/format.Node": {Arg: 2, Pointers: true, Limit: goParser},
}

// Equality is what == and a key of a map do to values in interfaces: they compare what
// is in them, but not what pointers point at.
var Equality = Walker{}

func jsonWalker(arg int) Walker {
	return Walker{Arg: arg, Exported: true, Pointers: true, Methods: []string{"MarshalJSON", "MarshalText", "MarshalJSONTo"}}
}

func xmlWalker(arg int) Walker {
	return Walker{Arg: arg, Exported: true, Pointers: true, Methods: []string{"MarshalXML", "MarshalText"}}
}

// fmt follows a pointer at the top only, and prints those below as numbers.
func fmtWalker(arg int) Walker {
	return Walker{Arg: arg, Slices: true, Methods: []string{"Format", "Error", "String", "GoString"}}
}
