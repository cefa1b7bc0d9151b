package i18n

// refusals are what a screen says of a code where the table of codes has nothing, or says it less to the point than the
// person at the screen needs it: texts of the tables.
var refusals = map[string]string{
	// What may be undone, settled and reconciled.
	"batch_closed": "批次已结算，请用退货", "follow_up_open": "撤销或退货还没有结果", "refunded_already": "已退过一部分，请用退货", "nothing_left": "没有可退的了",
	"hold_only": "预授权还没有收款", "not_paid": "这一单还没有付清", "late_declined_item": "银行事后拒付，没有收到钱",
	"delivery_pending": "还没有送达银行，先等它送完", "not_sent_yet": "还没有发给银行，请用撤销", "no_preauth": "没有成立的预授权", "already_completed": "已经完成了",
	"too_much": "超过可退的金额", "unknown_receipt": "没有这张小票", "bad_refund": "商品和金额只能选一样", "reason_missing": "先选原因", "reason_wanted": "先选原因",
	"not_open": "这一笔已经处理过了", "already_resolved": "这一条已经处理过了", "unknown_difference": "没有这一条",
	"items_left": "还有没送完的，要店长同意后才能结算", "settlement_refused": "银行没有接受结算，稍后自动再试", "payment_running": "付款还没有结果，请等一下",
	"no_trace_number": "凭证号用完了，请先结算", "file_too_big": "文件太大", "bad_day": "日期不对", "bad_file": "文件打不开或格式不对",

	// The entry of the terminal's key.
	"component_length": "一份密钥是 32 位，请照纸再输一次", "component_parity": "有一位输错了，请照纸再输一次",
	"component_weak": "这份密钥太弱，不能用；请向银行要新的两份", "component_same": "两份是一样的；从头再来，各用各的纸",
	"component_person": "两份要由两个人输入，请换另一个人", "component_order": "第一份等得太久，已作废；请从头再来", "component_cancelled": "密码键盘上取消了，请从头再来",
	"component_timeout": "密码键盘上没有输入，请从头再来", "component_at_pad": "请到密码键盘上输入",

	// Goods, people, orders.
	"unknown_barcode": "没有这个条码，可按拼音查找", "unknown_sku": "没有这个货号", "needs_weight": "称重商品：先输入重量，再按“数量”", "not_signed_in": "请先登录",
	"bad_pin": "密码不对，请重输", "wrong_pin": "密码不对，请重输", "locked": "输错太多次，请稍后再试", "locked_out": "输错太多次，请稍后再试", "needs_supervisor": "需要店长授权",
	"forbidden": "需要店长授权", "empty_basket": "订单里还没有商品", "part_paid": "这一单已收了一部分，先付清", "too_many_held": "挂起的订单太多，先取回一单",
	"basket_open": "先付清、挂起或清空现在的订单", "unknown_ticket": "没有这张挂单", "bad_amount": "金额不对", "bad_rounding": "抹零太多", "too_little": "收的钱不够",
	"bad_quantity": "数量不对", "bad_line": "数量、价格或折扣不对", "unknown_line": "先选一行", "safe_mode": "流水打不开，先不要收款", "no_outcome": "没有可离开的结果",
}
