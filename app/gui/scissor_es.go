//go:build (gles || arm || arm64) && !darwin

package gui

import gl "github.com/go-gl/gl/v3.1/gles2"

// nativeGL is the OpenGL that Fyne paints with on this kind of machine.
type nativeGL struct{}

func (nativeGL) renderer() string { return gl.GoStr(gl.GetString(gl.RENDERER)) }

func (nativeGL) scissor(x, y, w, h int) {
	gl.Enable(gl.SCISSOR_TEST)
	gl.Scissor(int32(x), int32(y), int32(w), int32(h))
}

func (nativeGL) unscissor() { gl.Disable(gl.SCISSOR_TEST) }
