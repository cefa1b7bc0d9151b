package i18n

// devices are the texts of the devices page, the scale and the choice of an account.
var devices = map[string]string{
	"测线路": "Test the line", "请插卡、挥卡或刷卡": "Insert, tap or swipe", "显示一行字": "Show a line", "请随便按 4 个数字，再按确认": "Press any 4 digits, then OK",
	"打印测试页": "Test page", "显示测试图": "Test picture", "显示测试字": "Test text", "试一下": "Test", "动手试就行": "try it by hand", "请扫一个条码": "Scan any barcode",
	"读一次": "Read once", "请放一样东西到秤上": "Put something on the scale", "弹开钱箱": "Open drawer", "请把钱箱推上": "Push the drawer shut",
	"正在自检，什么都不会动": "Testing; nothing moves", "正在试": "Testing", "等您动手": "Your turn", "正在找接上的设备": "Looking for devices", "正在换设备": "Changing the device",
	"找设备": "Find devices", "停下": "Stop", "换设备马上生效，不用重启": "a change counts at once, no restart", "没有可以设置的设备": "No devices to set up here",
	"这台收银机的设备写在配置里": "They stand in the configuration", "没有设置": "not set up", "先处理%s": "see to the %s first", "演示用的模拟设备": "simulated, for the demo",
	"动手试": "Try it", "收银照常，可以先去收银": "Selling goes on meanwhile", "试着玩的，不会收钱": "Only a test: no money is taken", "正在试：%s": "Now: %s",
	"没有找到可用的设备": "Nothing was found", "插好线、打开电源，再找一次": "Check cable and power, then look again", "用这个": "Use this", "正在用": "In use", "可作%s": "could be the %s",
	"自检通过": "Self-test passed", "试过了，正常": "Tested, well", "收到了": "It came", "换好了": "Changed", "没有通过": "Not well", "换上了，但还不能用": "Changed, but not working yet",
	"请看它有没有反应": "See whether it did it", "没有发现问题": "No fault was found", "不用处理": "Nothing to do", "出了毛病这里会写怎么办；收银不会停。": "After a fault the remedy stands here; selling never stops.",
	"还没有设置": "Not set up yet", "插好线、打开电源，按“找设备”，再按“用这个”。": "Plug it in, switch it on, press Find devices, then Use this.",
	"那台好了它就好了。":          "It recovers with that one.",
	"它接在那台设备上，那台好了它就好了。": "It hangs on that device and recovers with it.", "怎么办": "What to do",
	"等着打印": "waiting to be printed", "正在打印": "being printed", "不知道打出来没有": "printed or not: unknown", "再打一份": "Print copy", "现在试": "Try now", "测试页": "Test page", "副本": "COPY",
	"停用这台": "Do not use it", "关上顾客屏": "Close the window", "打开顾客屏": "Open the window", "换回刚才的": "Back to the last one", "不打了：清掉 %d 张": "Forget the %d waiting",
	"另 %d 台要处理": "%d more to see to", "试一试 · 换设备": "Test or change",
	"请等一下": "one moment", "先打开": "open it first", "不用动手": "no need", "正在显示": "showing", "没有打开": "not open", "第二块屏上的窗口": "window on a second screen",
	"打开后，把窗口移到朝着顾客的那块屏上。它只显示商品、金额、二维码和结果。": "Open it and move the window to the screen that faces the customer. It shows goods, sums, the code and how it ended, nothing else.",
	"顾客看到什么": "What the customer sees",
	"已停用":    "Not used any more", "收银照常；随时可以换回来": "Selling goes on; take it back at any time",
	"占满那块屏": "Fill that screen", "还原成窗口": "Back to a window",
	"二维码屏": "QR panel", "顾客屏": "Customer screen",

	"关掉占用它的程序": "End the program that holds it", "开通使用它的权限": "Allow the till to use it", "改成设备自己的波特率": "Set the device's own speed",

	"请放到秤上": "Put it on the scale", "稳了就自动记下": "Taken once it is still", "也可直接输入公斤数": "or type the kilograms", "下一件商品": "the next article",
	"不称了": "Cancel", "再称一次": "Weigh again", "正在称": "Weighing", "用 %s 公斤": "Use %s kg", "公斤数，例如 1.25": "kilograms, e.g. 1.25",

	"银行批准了，但卡拿开得太早；我们已经通知银行撤销。": "The card left too early; we told the bank to reverse.",
	"卡拿开得太早": "The card was taken away too early", "没有等到卡": "No card came", "没有做完，已取消": "Not finished: cancelled", "没有等到密码": "No PIN came",
	"没有读到卡": "No card was read", "技术说明：": "Technical note:", "再刷一次": "Card again", "看其余的": "Show the rest", "看前面的": "Show the first", "问顾客用哪个账户": "Which account? Ask", "不选就不收款": "No choice, no charge", "顾客屏上也有这些名字和数字": "The customer's screen shows them too",

	"正在接待顾客，收完这一单再试": "A customer is being served; try afterwards", "没有换成，还用原来的": "Not changed: the last one stays",

	"已冻结": "Held",
}
