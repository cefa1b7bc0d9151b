// Command tillkeeper is the till: one binary, one sub-command a face.
package main

import "fmt"

func main() { fmt.Println("tillkeeper") }
