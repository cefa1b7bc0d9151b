package i18n

// story are the texts of the demo day as it is told without a window.
var story = map[string]string{
	"登录 %s (%s)":     "signed in: %s (%s)",
	"线路: %s":         "line: %s",
	"待上送: %d":        "waiting: %d",
	"检查项: %d, 异常 %d": "parts looked at: %d, faults %d",
	"挂单号 %s":         "ticket %s",
	"小票 %s, 找零 %s":   "receipt %s, change %s",
	"还差 %s":          "still due %s",
	"净额 %s":          "net %s",
}
