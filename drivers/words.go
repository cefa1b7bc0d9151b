package drivers

import (
	"strings"

	"tillkeeper/app/pos"
)

// phrases are what the search for a cause says and what the till says of a device
// that it does not open, English and Chinese, the longer before those that they
// contain. Names, paths and commands stand between them as they are.
var phrases = strings.NewReplacer(
	" is held by a program of another user", " 被另一用户的程序占用",
	" is held by ", " 被占用，程序：",
	"(process ", "(进程 ",
	"the till itself has ", "收银程序自己已打开 ",
	" open for another of its devices", "（供另一个设备使用）",
	"give each device a line of its own", "请给每个设备单独一条线",
	" was busy; nobody holds it now", " 刚才被占用，现在已空闲",
	" may not even look into ", " 无权查看 ",
	" and may still not use ", "，仍无权使用 ",
	" may not use ", " 无权使用 ",
	"a sandbox (snap, flatpak, AppArmor, a systemd unit's DevicePolicy) forbids it", "被沙箱禁止（snap、flatpak、AppArmor 或 systemd 的 DevicePolicy）",
	", which may not use it itself", "，而该组也无权使用",
	" belongs to group ", " 属于组 ",
	" is in group ", " 在组 ",
	", but since after this session began", "，但加入时已经登录",
	" and user ", "，而用户 ",
	" is not in it", " 不在其中",
	"user ", "用户 ",
	"the board has no ", "主板上没有 ",
	" now, not at ", "，不在 ",
	" is at ", " 现在在 ",
	" was away and is there again: it is opened again by itself", " 断开过，现已恢复，会自动重新打开",
	" is not there, and nothing like it is plugged in: look at cable and power", " 不存在，也没有插着同类设备：请检查连线和电源",
	" is not there; plugged in is ", " 不存在；现在插着的是 ",
	" is plugged in, but the kernel's driver has not taken it", " 已插上，但内核驱动没有接管",
	" was taken from the kernel's driver by ", " 被抢走，程序：",
	", so that there is no ", "，所以没有 ",
	"the printer ", "打印机 ",
	" is there and nothing answers: is the device switched on, and is its speed that of the URL (?baud=)?", " 存在但没有应答：设备开机了吗？速率（?baud=）对吗？",
	"nothing answers at ", "没有应答：",
	": is it switched on and in this network?", "，开机了吗？在同一网络吗？",
	" speaks at another speed", " 用的是另一种速率",
	"polkit does not let user ", "polkit 不允许用户 ",
	" use pcscd", " 使用 pcscd",
	"pcscd is not installed", "没有安装 pcscd",
	"pcscd does not run (there is no ", "pcscd 没有运行 (没有 ",
	"pcscd runs and no card reader is plugged in", "pcscd 在运行，但没有插读卡器",
	"nobody listens at ", "没有程序监听 ",
	"the kernel's driver ", "内核驱动 ",
	" has the card reader ", " 占用了读卡器 ",
	"another program has the card reader for itself (gpg does that)", "另一程序独占了读卡器（gpg 会这样）",
	" is plugged in and pcscd does not have it", " 已插上，但 pcscd 没有认到",
	"the card reader ", "读卡器 ",
	" is there; nobody has it open", " 存在，没有程序打开它",
	" is there; who has it open cannot be seen by this user", " 存在；谁打开了它，当前用户看不到",
	" is open in ", " 已打开，程序：",
	" is not looked at while the till is open", "：收银程序运行时不检查",
	"simulated, inside the till", "模拟设备，在收银程序内",
	"pcscd has its socket at ", "pcscd 的套接字：",
	"another till has this folder open", "另一个收银程序正在使用这个文件夹",
	"install the rule that the till brings: ", "安装程序自带的规则：",
	"read it from the device's own self-test and write it behind the URL, ", "从设备自检页读出速率，写到地址后面：",
	"it offers a login there: ", "该口被用作登录终端：",
	"another till runs on this machine: end it", "本机还有另一个收银程序在运行，请关闭它",
	"end it", "请关闭它",
	", then sign out and in again", "，然后注销并重新登录",
	"sign out and in again", "注销并重新登录",
	", then plug it in again", "，再重新插上",
	", then restart", "，然后重启",
	", then: ", "，然后：",
	", or ", "，或 ",
	" tells which", " 可查出是哪个",
	"write ", "改写为 ",
)

// speak puts a cause into the language of the shop.
func (c Config) speak(said pos.Condition) pos.Condition {
	if !c.English {
		said.Detail, said.Remedy = phrases.Replace(said.Detail), phrases.Replace(said.Remedy)
	}
	return said
}
