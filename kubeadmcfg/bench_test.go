package kubeadmcfg

import (
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fullBundle has every field of every kind set once.
func fullBundle() Bundle {
	var b Bundle
	v := reflect.ValueOf(&b).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Name != "Unknown" {
			set(v.Field(i), 0)
		}
	}
	return b
}

// set gives v, and all in it, a value; depth bounds types that hold themselves.
func set(v reflect.Value, depth int) {
	switch x := v.Addr().Interface().(type) {
	case *metav1.Duration:
		x.Duration = time.Minute
		return
	case *metav1.Time:
		*x = metav1.Unix(1, 0)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range structFields(v.Type()) {
			if depth < 12 {
				set(v.FieldByIndex(f.index), depth+1)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(v.Elem(), depth+1)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte("bytes"))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		set(v.Index(0), depth+1)
	case reflect.Map:
		item := reflect.New(v.Type().Elem()).Elem()
		set(item, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), item)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint32:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(0.5)
	}
}

// The full bundle has every field of every kind; the article's has what people write.
func BenchmarkBundle(b *testing.B) {
	newest := Version{Major: 1, Minor: NewestMinor}
	text, err := os.ReadFile("testdata/article-v1.37.2.yaml")
	require.NoError(b, err)
	article, err := Parse(text)
	require.NoError(b, err)
	for name, bundle := range map[string]Bundle{"full": fullBundle(), "article": article} {
		file, err := Render(bundle, newest)
		require.NoError(b, err)
		for what, f := range map[string]func() error{
			"render":   func() error { _, err := Render(bundle, newest); return err },
			"parse":    func() error { _, err := Parse(file); return err },
			"validate": func() error { _ = Validate(bundle, newest); return nil },
			"lint":     func() error { Lint(bundle, newest, Environment{}); return nil },
		} {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(file)))
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
