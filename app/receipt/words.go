package receipt

// words holds what slips say in one language.
type words map[string]string

func wordsOf(lang string) words {
	if lang == "en" {
		return english
	}
	return chinese
}

// both makes the words of one language of the base and of tables that hold
// Chinese and English side by side.
func both(base words, english int, tables ...map[string][2]string) words {
	for _, t := range tables {
		for k, v := range t {
			if _, twice := base[k]; twice {
				panic("receipt: word given twice: " + k)
			}
			base[k] = v[english]
		}
	}
	return base
}

var chinese = both(words{
	"copy": "重印 COPY", "training": "培训 无效凭证 TRAINING",
	"demo":    "演示密钥 未受保护 DEMO KEYS",
	"receipt": "小票号", "time": "时间", "terminal": "终端号", "merchant": "商户号", "cashier": "收银员",
	"subtotal": "小计", "tax_added": "税额", "tax_included": "其中税额", "total": "合计",
	"rounding": "抹零", "due": "应付", "discount": "优惠", "taxid": "税号", "pieces": "件数",
	"cash": "现金", "card": "银行卡", "qr": "扫码支付", "tendered": "实收", "change": "找零",
	"wechat": "微信支付", "alipay": "支付宝", "unionpay": "云闪付",
	"pan": "卡号", "entry": "读卡方式", "chip": "插卡", "contactless": "挥卡", "swipe": "刷卡", "keyed": "未再刷卡", "code": "付款码",
	"stan": "凭证号", "batch": "批次号", "rrn": "参考号", "auth": "授权码", "org": "卡组织",
	"order": "订单号", "attempt": "交易编号", "kind": "交易类型",
	"sale": "消费", "void": "撤销", "refund": "退货", "preauth": "预授权", "completion": "预授权完成",
	"preauth_void": "预授权撤销", "completion_void": "预授权完成撤销", "balance": "余额查询",
	"pin_verified": "已输入密码 免签名", "no_sign": "免密免签",
	"offline":  "脱机交易 稍后上送",
	"deferred": "延迟授权 商户担风险",
	"reversal": "未完成 正在冲正 请勿重复付款",
	"voided":   "已撤销", "refunded": "已退款",
	"thanks":          "谢谢惠顾",
	"unknown_title":   "结果未知",
	"unknown_what":    "本笔支付没有收到银行答复，收银机会自动冲正。",
	"unknown_card":    "银行已同意，但卡没有完成本笔支付，收银机会自动冲正。",
	"unknown_money":   "如已扣款，款项将由发卡行退回。",
	"unknown_keep":    "请保留此单，有疑问凭以上编号联系发卡行。",
	"amount":          "金额",
	"declined_title":  "交易失败",
	"declined_no":     "未扣款",
	"answer":          "应答码",
	"reason":          "原因",
	"remedy":          "办法",
	"test_title":      "打印测试",
	"totals_title":    "营业日报",
	"day":             "营业日",
	"gross":           "销售额",
	"net":             "净额",
	"refunds":         "退款",
	"count":           "笔数",
	"baskets":         "单数",
	"pending":         "待上送",
	"late_declined":   "延迟拒绝",
	"tax":             "税额",
	"top":             "商品",
	"sub_unit":        "单价",
	"column_sentence": "右侧数字应对齐到纸边",
}, 0, afterwards, told)

var english = both(words{
	"copy": "重印 COPY", "training": "TRAINING - NOT A RECEIPT",
	"demo":    "DEMO KEYS - NOT PROTECTED",
	"receipt": "Receipt", "time": "Time", "terminal": "Terminal", "merchant": "Merchant", "cashier": "Cashier",
	"subtotal": "Subtotal", "tax_added": "Tax", "tax_included": "Tax included", "total": "TOTAL",
	"rounding": "Rounding", "due": "To pay", "discount": "Discount", "taxid": "Tax ID", "pieces": "Items",
	"cash": "Cash", "card": "Card", "qr": "QR payment", "tendered": "Tendered", "change": "Change",
	"wechat": "WeChat Pay", "alipay": "Alipay", "unionpay": "UnionPay QR",
	"pan": "Card number", "entry": "Entry", "chip": "chip", "contactless": "contactless", "swipe": "swipe", "keyed": "not presented again", "code": "payment code",
	"stan": "Trace no.", "batch": "Batch", "rrn": "Reference", "auth": "Authorization", "org": "Card scheme",
	"order": "Order", "attempt": "Attempt", "kind": "Transaction",
	"sale": "Sale", "void": "Void", "refund": "Refund", "preauth": "Pre-authorization", "completion": "Completion",
	"preauth_void": "Pre-authorization void", "completion_void": "Completion void", "balance": "Balance inquiry",
	"pin_verified": "PIN verified - no signature", "no_sign": "No PIN, no signature",
	"offline":  "OFFLINE - to be uploaded",
	"deferred": "DEFERRED - at the shop's risk",
	"reversal": "Not completed, being reversed",
	"voided":   "voided", "refunded": "refunded",
	"thanks":          "Thank you",
	"unknown_title":   "RESULT UNKNOWN",
	"unknown_what":    "The bank did not answer this payment. The till reverses it by itself.",
	"unknown_card":    "The bank agreed, the card did not finish. The till reverses it by itself.",
	"unknown_money":   "If money was taken, the card's bank returns it.",
	"unknown_keep":    "Please keep this slip and quote these numbers to your bank.",
	"amount":          "Amount",
	"declined_title":  "REFUSED",
	"declined_no":     "No money was taken",
	"answer":          "Answer",
	"reason":          "Reason",
	"remedy":          "What to do",
	"test_title":      "TEST PAGE",
	"totals_title":    "DAY TOTALS",
	"day":             "Business day",
	"gross":           "Gross",
	"net":             "Net",
	"refunds":         "Refunds",
	"count":           "Payments",
	"baskets":         "Receipts",
	"pending":         "Waiting",
	"late_declined":   "Late declined",
	"tax":             "Tax",
	"top":             "Products",
	"sub_unit":        "Unit price",
	"column_sentence": "Figures reach the right edge",
}, 1, afterwards, told)
