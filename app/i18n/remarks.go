package i18n

// remark is a sentence of a device or of the search for a fault, Chinese and English. What stands in it comes in the
// order of the English one; the Chinese one may name it by its number.
type remark struct{ zh, en string }

// remarks are by their codes what was found behind a condition, and what mends it.
var remarks = map[string]remark{
	// The till's own room.
	"room_left":     {"日志还能写 %s MB，大约够 %s 笔销售", "%s MB are left for the journal, enough for some %s sales"},
	"free_disk":     {"清理收银机的硬盘，旧文件移到别处", "free space on the disk of the data folder: move old files elsewhere"},
	"journal_limit": {"日志文件快到上限：先结算，再换一个新的数据文件夹开始；旧文件夹要保留", "the journal's file is near its limit: settle, then begin with a new data folder and keep the old one"},
	"batch_count":   {"批次 %s 已有 %s 笔刷卡，合计 %s", "batch %s has %s card payments, %s in all"},

	// Who has a device.
	"held_by":     {"%s 被占用，程序：%s（进程 %s）", "%s is held by %s (process %s)"},
	"held_here":   {"收银程序自己已打开 %s，供另一个设备使用", "the till itself has %s open for another of its devices"},
	"held_hidden": {"%s 被另一用户的程序占用", "%s is held by a program of another user"},
	"was_busy":    {"%s 刚才被占用，现在已空闲", "%s was busy; nobody holds it now"},
	"folder_held": {"另一个收银程序正在使用这个文件夹：%s（进程 %s）", "another till has this folder open: %s (process %s)"},

	// Who may use it.
	"may_not_enter": {"用户 %s 无权查看 %s", "user %s may not even look into %s"},
	"may_not_use":   {"用户 %s 无权使用 %s", "user %s may not use %s"},
	"group_may_not": {"%s 属于组 %s，而该组也无权使用", "%s belongs to group %s, which may not use it itself"},
	"not_in_group":  {"%s 属于组 %s，而用户 %s 不在其中", "%s belongs to group %s and user %s is not in it"},
	"group_later":   {"用户 %s 在组 %s，但加入时已经登录", "user %s is in group %s, but since after this session began"},
	"sandbox": {
		"用户 %s 在组 %s，仍无权使用 %s：被沙箱禁止（snap、flatpak、AppArmor 或 systemd 的 DevicePolicy）",
		"user %s is in group %s and may still not use %s: a sandbox (snap, flatpak, AppArmor, a systemd unit's DevicePolicy) forbids it",
	},
	"polkit_missing": {"没有安装 polkit，所以用户 %s 不能使用 pcscd", "polkit is not installed, so that user %s may not use pcscd"},
	"polkit_denies":  {"polkit 不允许用户 %s 使用 pcscd", "polkit does not let user %s use pcscd"},

	// Where it is.
	"no_bus":            {"主板上没有 %s", "the board has no %s"},
	"absent":            {"%s 不存在，也没有插着同类设备", "%s is not there, and nothing like it is plugged in"},
	"absent_others":     {"%s 不存在；现在插着的是 %s", "%s is not there; plugged in is %s"},
	"back_again":        {"%s 断开过，现已恢复", "%s was away and is there again"},
	"moved":             {"%s 现在在 %s，不在 %s", "%s is at %s now, not at %s"},
	"another_here":      {"%s 现在是另一台设备（%s）；原来在那里的 %s 没有插着", "%s is another device now (%s); the one that worked there, %s, is not plugged in"},
	"stranger_here":     {"%s 现在不是 USB 设备；原来在那里的 %s 没有插着", "%s is no USB device now; the one that worked there, %s, is not plugged in"},
	"one_of_several":    {"原来在 %s 的设备（%s）可能是现在插着的几台之一", "several devices could be the one that worked at %s (%s)"},
	"printer_no_driver": {"打印机 %s 已插上，但内核驱动没有接管", "the printer %s is plugged in, but the kernel's driver has not taken it"},
	"printer_taken_by": {
		"打印机 %s 被别的程序占走：%s（进程 %s），所以没有 %s",
		"the printer %s was taken from the kernel's driver by %s (process %s), so that there is no %s",
	},
	"printer_taken": {
		"打印机 %s 被 CUPS 或 ipp-usb 占走（%s），所以没有 %s",
		"the printer %s was taken from the kernel's driver by CUPS or ipp-usb (%s), so that there is no %s",
	},

	// What it says, or does not.
	"other_speed": {"%s 用的是另一种速率", "%s speaks at another speed"},
	"line_silent": {"%s 存在但没有应答", "%s is there and nothing answers"},
	"net_silent":  {"%s 没有应答", "nothing answers at %s"},
	"chip_speed":  {"读卡器在 %s 波特没有应答，在 %s 波特有应答", "the card reader is silent at %s baud and answers at %s"},
	"check_hangs": {"自检没有做完", "it does not end its check"},
	"as_reported": {"原文：%s", "%s"},

	// The card service and its readers.
	"pcscd_missing": {"没有安装 pcscd", "pcscd is not installed"},
	"pcscd_down":    {"pcscd 没有运行（没有 %s）", "pcscd does not run (there is no %s)"},
	"pcscd_deaf":    {"没有程序监听 %s", "nobody listens at %s"},
	"reader_held":   {"读卡器 %s 被占用，程序：%s（进程 %s）", "the card reader %s is held by %s (process %s)"},
	"reader_kernel": {"内核驱动 %s 占用了读卡器 %s", "the kernel's driver %s has the card reader %s"},
	"reader_unseen": {"读卡器 %s 已插上，但 pcscd 没有认到", "the card reader %s is plugged in and pcscd does not have it"},
	"reader_taken":  {"另一程序独占了读卡器（gpg 会这样）", "another program has the card reader for itself (gpg does that)"},
	"reader_none":   {"pcscd 在运行，但没有插读卡器", "pcscd runs and no card reader is plugged in"},
	"reader_beeps":  {"%s 会响", "%s beeps"},
	"reader_mute": {
		"%s 不肯响：驱动不放行给读卡器本身的命令；要听到，请把 %s 改为 %s（文件 %s），再重启 pcscd",
		"%s does not beep: its driver keeps back what is meant for the reader itself; to hear it, set %s to %s in %s and restart pcscd",
	},
	"card_pays":   {"一张可以付款的卡", "a card that can pay"},
	"card_number": {"一张不能付款的卡，如会员卡", "a card without payment, such as a member card"},
	"card_unread": {"有卡，但读不出", "a card that cannot be read"},
	"card_serial": {"卡片序列号末尾 %s", "its serial number ends with %s"},

	// What a person did at a device that is tried.
	"no_code":       {"没有扫到码", "no code came"},
	"pad_digits":    {"数字键和确认键都好用", "its digits and its OK key work"},
	"pad_cancel":    {"取消键好用", "its cancel key works"},
	"pad_beeps":     {"会响；签到之前不能按数字", "it beeps; it takes no digits before the till has signed on"},
	"pad_untouched": {"没有人按键", "nobody pressed a key"},

	// What is seen of a device that is not opened.
	"simulated":    {"模拟设备，在收银程序内", "simulated, inside the till"},
	"not_looked":   {"%s：收银程序运行时不检查", "%s is not looked at while the till is open"},
	"pcscd_there":  {"pcscd 的套接字：%s", "pcscd has its socket at %s"},
	"there_hidden": {"%s 存在；谁打开了它，当前用户看不到", "%s is there; who has it open cannot be seen by this user"},
	"there_free":   {"%s 存在，没有程序打开它", "%s is there; nobody has it open"},
	"open_in":      {"%s 已打开，程序：%s（进程 %s）", "%s is open in %s (process %s)"},

	// The printer and its drawer.
	"on_printer":      {"它接在打印机上", "it hangs on the printer"},
	"drawer_told":     {"已发出弹开命令；请看钱箱是否打开", "it was told to open; it cannot say whether it did"},
	"test_page_lost":  {"测试页：不知道打出来没有", "the test page: printed or not, nobody knows"},
	"test_page_waits": {"测试页还没有打出来", "the test page is not printed yet"},

	// The host, and what it asks for.
	"host_unreached":     {"连不上银行主机 %s", "the host %s cannot be reached"},
	"own_cert_missing":   {"没有配置银行要求的证书，不能连接银行", "no certificate is configured that the host would take"},
	"own_cert_expired":   {"本机的证书已于 %s 过期，请向收单行申请新证书", "our certificate expired on %s: ask the acquirer for a new one"},
	"own_cert_early":     {"本机的证书要到 %s 才生效，请核对这台机器的时钟", "our certificate is not valid before %s: look at this machine's clock"},
	"own_cert_refused":   {"银行主机不接受本机的证书，请联系收单行", "the host does not take our certificate: ask the acquirer"},
	"host_lets_not_in":   {"银行主机拒绝本终端接入，请联系收单行", "the host does not let this till in: ask the acquirer"},
	"host_cert_stranger": {"银行主机的证书不是配置里那个 CA 签发的", "the host's certificate is not from the CA that is configured"},
	"host_cert_expired":  {"银行主机的证书已过期或还没有生效；也请核对这台机器的时钟", "the host's certificate has expired or is not valid yet; look at this machine's clock too"},
	"host_cert_name":     {"银行主机的证书是给另一个名字的", "the host's certificate is for another name"},
	"host_cert_bad":      {"银行主机的证书不可信", "the host's certificate cannot be trusted"},
	"tls_too_old":        {"银行主机不支持这台终端要的加密（TLS 1.3）", "the host does not speak TLS 1.3"},
	"tls_failed":         {"与银行主机的加密连接没有建立", "no encrypted connection with the host came about"},
	"host_wants":         {"银行要终端装载：%s", "the host wants %s loaded"},
	"host_wants_failed":  {"银行要终端装载 %s，没有成功（原文：%s）", "the host wants %s loaded, and that failed: %s"},

	// An address of the configuration that names no device.
	"url_unknown":     {"配置里的 %s 不是这个版本认得的设备", "%s of the configuration is no device of this version"},
	"url_broken":      {"配置里的 %s 写法不对", "%s of the configuration cannot be understood"},
	"key_unknown":     {"%s 没有 %s 这一项", "%s takes no %s"},
	"key_twice":       {"%s 写了两次", "%s stands there more than once"},
	"key_empty":       {"%s 后面没有写东西", "%s says nothing"},
	"key_missing":     {"%s 还缺 %s", "%s needs %s"},
	"key_value":       {"不能是 %s", "%s cannot be"},
	"model_unknown":   {"没有 %s 这个型号", "there is no model %s"},
	"place_character": {"配置里的 %s 有不能用的字符", "%s of the configuration has a character that no address has"},
	"place_behind":    {"配置里的 %s 冒号后面只能是问号", "%s of the configuration takes nothing behind the colon but a question mark"},
	"place_socket":    {"配置里的 %s 没有写出套接字：路径以 / 开头，中间不绕", "%s of the configuration names no socket: a path begins with / and goes straight there"},
	"place_path":      {"配置里的 %s 没有写出位置：路径以 / 开头，中间不绕", "%s of the configuration names no place: a path begins with / and goes straight there"},
	"place_host":      {"配置里的 %s 没有写出主机和端口", "%s of the configuration names no host and port"},
	"place_none":      {"配置里的 %s 没有写出位置", "%s of the configuration names no place"},
	"readers_many":    {"读卡器有 %s 台，最多 %s 台", "%s card readers, at most %s"},
	"readers_gap":     {"配置里的 %s 有一处是空的", "%s of the configuration has an empty place"},
	"url_write":       {"可以写：%s", "write one of: %s"},
	"url_several":     {"几台读卡器之间用逗号隔开", "several readers with commas between them"},
	"key_leave_out":   {"去掉它，这里没有可写的项", "leave it out, there is nothing to write here"},
	"key_known":       {"去掉它；可写的项：%s", "leave it out; known are: %s"},
	"key_once":        {"只写一次", "write it once"},
	"key_fill":        {"去掉它，或者写上是什么", "leave it out, or write what it is"},
	"key_pin":         {"写上它接的引脚，例如 %s", "name the pin that it is wired to, as %s"},
	"key_write":       {"可以写：%s", "write one of: %s"},
	"key_range":       {"写 %s 到 %s 之间的数", "write a number from %s to %s"},
	"model_asked":     {"去掉型号，打印机会自己回答；或写：%s", "leave the model out, then the printer is asked, or write one of: %s"},
	"readers_fewer":   {"少写几台", "name fewer"},
	"comma_out":       {"去掉多余的逗号", "take out the comma that is too much"},

	// What mends it: commands, and what a person does.
	"run":           {"%s", "%s"},
	"run_or":        {"%s，或 %s", "%s, or %s"},
	"run_replug":    {"%s，再重新插上", "%s, then plug it in again"},
	"run_sign_in":   {"%s，然后注销并重新登录", "%s, then sign out and in again"},
	"sign_in_again": {"注销并重新登录", "sign out and in again"},
	"find_holder":   {"sudo fuser -v %s 可查出是哪个", "sudo fuser -v %s tells which"},
	"end_it":        {"请关闭它", "end it"},
	"end_till":      {"本机还有另一个收银程序在运行，请关闭它", "another till runs on this machine: end it"},
	"end_session":   {"注销另一个登录", "sign out of the other session"},
	"end_login":     {"该口被用作登录终端：%s", "it offers a login there: %s"},
	"or_use_pcsc":   {"%s，或改用 pcsc: 作读卡器", "%s, or use pcsc: as the reader"},
	"own_lines":     {"请给每个设备单独一条线", "give each device a line of its own"},
	"udev_rule":     {"安装程序自带的规则：%s", "install the rule that the till brings: %s"},
	"udev_line": {
		"把这一行 %s 写进 %s，放在同类的行旁边，然后：%s，再：%s，最后注销并重新登录",
		"write the line %s into %s beside those like it, then: %s, then: %s, then sign out and in again",
	},
	"udev_group":   {"安装程序自带的规则：%s，然后：%s，再注销并重新登录", "install the rule that the till brings: %s, then: %s, then sign out and in again"},
	"bus_on":       {"在主板设置里打开它，或改用这台机器有的总线", "switch it on in the board's settings, or name a bus that the machine has"},
	"spi_on":       {"%s，或在 config.txt 里写 %s，然后重启", "%s, or %s in config.txt, then restart"},
	"speed_in_url": {"从设备自检页读出速率，写到地址后面，例如 ?baud=115200", "read it from the device's own self-test and write it behind the URL, ?baud=115200"},
	"power_speed":  {"看设备有没有开机，地址里的速率（?baud=）对不对", "see that the device is switched on and that the speed of the URL (?baud=) is its own"},
	"power_net":    {"看它有没有开机，是否在同一网络：ping %s", "see that it is switched on and in this network: ping %s"},
	"opens_there":  {"会自动在那里打开", "it is opened there by itself"},
	"opens_again":  {"会自动重新打开", "it is opened again by itself"},
	"choose_again": {"在“设备”页重新选它，或删除收银文件夹里的 devices.seen", "choose it on the devices page, or remove devices.seen from the till's folder"},
	"fetch_ca_keys": {
		"向收单行取 CA 公钥文件，在配置 %s 中写上它，再重新启动",
		"fetch the file of CA keys from the acquirer, name it under %s and start the till again",
	},
	"fetch_blacklist": {
		"向收单行取黑名单，在配置 %s 中写上它，再重新启动",
		"fetch the blacklist from the acquirer, name it under %s and start the till again",
	},
	"ask_parameters": {
		"向收单行要新参数，写进参数文件（profile）或配置 %s",
		"ask the acquirer for the new parameters and write them into the profile or under %s",
	},
	"ask_card_parameters": {
		"向收单行要新的卡参数，写进参数文件（profile）",
		"ask the acquirer for the new card parameters and write them into the profile",
	},
	"write_baud": {"改写为 baud=%s", "write baud=%s"},
}
