"""How mail clients other than those of config/clients write a reply, from their own output: what stands above the quoted
mail, with what mark it is quoted, and the frame of their HTML. Made apart from the reader and from the program's own
simulated clients, so that the two cannot be wrong in the same way.

In attributions: {n} the name and {a} the address of who asked, {t} and {ta} those of who answers, {s} the subject.
"""

BLOCK = {  # a header block: the names of From, Sent, To and Subject, and the date as written
    'en': ('From', 'Sent', 'To', 'Subject', 'Tuesday, November 3, 2026 9:12 AM'),
    'fr': ('De', 'Envoyé', 'À', 'Objet', 'mardi 3 novembre 2026 09:12'),
    'es': ('De', 'Enviado', 'Para', 'Asunto', 'martes, 3 de noviembre de 2026 9:12'),
    'pt': ('De', 'Enviado', 'Para', 'Assunto', 'terça-feira, 3 de novembro de 2026 09:12'),
    'ar': ('من', 'تم الإرسال', 'إلى', 'الموضوع', 'الثلاثاء، 3 نوفمبر، 2026 09:12 ص'),
}
DATED = {  # the same with the name of Date instead of Sent
    'en': ('From', 'Date', 'To', 'Subject', 'Tuesday, 3 November 2026 at 09:12'),
    'fr': ('De', 'Date', 'À', 'Objet', 'mardi, 3 novembre 2026 à 09:12'),
    'es': ('De', 'Fecha', 'Para', 'Asunto', 'martes, 3 de noviembre de 2026, 9:12'),
    'pt': ('De', 'Data', 'Para', 'Assunto', 'terça-feira, 3 de novembro de 2026 às 09:12'),
    'ar': ('من', 'التاريخ', 'إلى', 'الموضوع', 'الثلاثاء، ٣ نوفمبر ٢٠٢٦ في ٩:١٢ ص'),
    'ne': ('प्रेषक', 'मिति', 'प्रति', 'विषय', '३ नोभेम्बर २०२६ ०९:१२'),
}


def block(names, shape='{0}: {n} <{a}>\n{1}: {4}\n{2}: {t} <{ta}>\n{3}: {s}', top='', colon=None):
    made = {}
    for language, words in names.items():
        text = shape
        for i, word in enumerate(words):
            text = text.replace('{%d}' % i, word)
        made[language] = (top + '\n' if top else '') + text
    return made


def p(text):
    return '<p class="MsoNormal">%s<o:p></o:p></p>' % text


PLAIN = '<html><head><meta charset="utf-8"></head><body>{own}{attr}{quote}</body></html>'
CITE = ('<html><body>{own}<br><div>{attr}</div><blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid '
        '#ccc;padding-left:1ex">{quote}</blockquote></body></html>')

CLIENTS = {
    'mailspring': dict(
        attr={'en': 'On Nov 3 2026, at 9:12 am, {n} <{a}> wrote:', 'fr': 'Le nov. 3 2026, à 9:12 am, {n} <{a}> a écrit :'},
        html='<div>{own}</div><br/><div class="gmail_quote_attribution">{attr}</div><blockquote class="gmail_quote" '
             'style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex;">{quote}</blockquote>',
        parts='alt', phone='Sent from Mailspring (https://getmailspring.com/), the best free email app for work',
        header='X-Mailer: Mailspring'),
    'spark': dict(
        attr={'en': 'On 3 Nov 2026, 09:12 +0545, {n} <{a}>, wrote:', 'fr': 'Le 3 nov. 2026 à 09:12 +0100, {n} <{a}>, a écrit :',
              'es': 'El 3 nov 2026 9:12 -0400, {n} <{a}>, escribió:', 'pt': 'Em 3 de nov. de 2026 09:12 +0000, {n} <{a}>, escreveu:'},
        html='<html xmlns="http://www.w3.org/1999/xhtml"><head><title></title></head><body><div name="messageBodySection">'
             '<div dir="auto">{own}</div></div><div name="messageReplySection">{attr}<br /><blockquote type="cite" '
             'style="border-left-color: grey; border-left-width: thin; border-left-style: solid; margin: 5px 5px;'
             'padding-left: 10px;">{quote}</blockquote></div></body></html>',
        parts='alt', header='X-Readdle-Message-ID: 8b1@Spark'),
    'bluemail': dict(
        attr={'en': 'On 3 Nov 2026, at 09:12, {n} <{a}> wrote:', 'fr': 'Le 3 nov. 2026, à 09:12, {n} <{a}> a écrit:',
              'es': 'En 3 nov. 2026, en 09:12, {n} <{a}> escribió:', 'pt': 'Em 3 nov. 2026, à(s) 09:12, {n} <{a}> escreveu:'},
        html='<html><head></head><body><div dir="auto">{own}</div><div class="gmail_quote">{attr}<blockquote class='
             '"gmail_quote" style="margin: 0pt 0pt 0pt 0.8ex; border-left: 1px solid rgb(204, 204, 204); padding-left: '
             '1ex;">{quote}</blockquote></div></body></html>',
        parts='alt', phone='\u2063Get BlueMail for Android \u200b', header='X-Correlation-ID: <b1@bluemail.me>'),
    'em-client': dict(
        attr={'en': '------ Original Message ------\nFrom "{n}" <{a}>\nTo "{t}" <{ta}>\nDate 11/3/2026 9:12:07 AM\nSubject {s}',
              'fr': '------ Message d\'origine ------\nDe "{n}" <{a}>\nÀ "{t}" <{ta}>\nDate 03/11/2026 09:12:07\nObjet {s}',
              'es': '------ Mensaje original ------\nDe: "{n}" <{a}>\nPara: "{t}" <{ta}>\nEnviado: 03/11/2026 9:12:07\nAsunto: {s}',
              'pt': '------ Mensagem original ------\nDe: "{n}" <{a}>\nPara: "{t}" <{ta}>\nEnviado: 03/11/2026 09:12:07\nAssunto: {s}'},
        html='<html><head><style id="css_styles">blockquote.cite {{ margin-left: 5px; }}</style></head><body>{own}<div '
             'id="x6a2"><blockquote cite="m1" type="cite" class="cite2"><div>{attr}</div><div><br></div>{quote}'
             '</blockquote></div></body></html>',
        parts='alt', mark='>', header='X-Mailer: eM_Client/9.2.2157.0'),
    'the-bat': dict(
        attr={'en': 'Tuesday, November 3, 2026, 9:12:07 AM, you wrote:', 'fr': 'mardi 3 novembre 2026, 09:12:07, vous écriviez :',
              'es': 'El martes 3 de noviembre de 2026, 9:12:07, escribió:', 'pt': 'Terça-feira, 3 de novembro de 2026, 09:12:07, escreveu:'},
        parts='text', mark='FFD> ', wrap=70, quote_wrap=70, header='X-Mailer: The Bat! (v9.2.3) Professional'),
    'claws': dict(
        attr={'en': 'On Tue, 3 Nov 2026 09:12:07 +0000\n{n} <{a}> wrote:', 'fr': 'Le mar. 3 nov. 2026 09:12:07 +0000,\n{n} <{a}> a écrit :',
              'es': 'El Tue, 3 Nov 2026 09:12:07 +0000\n{n} <{a}> escribió:', 'pt': 'Em Tue, 3 Nov 2026 09:12:07 +0000\n{n} <{a}> escreveu:'},
        parts='text', wrap=72, quote_wrap=70, header='X-Mailer: Claws Mail 4.1.1 (GTK 3.24.38; x86_64-pc-linux-gnu)'),
    'pegasus': dict(
        attr={'en': 'On 3 Nov 2026 at 9:12, {n} wrote:', 'fr': 'Le 3 nov 2026 à 9:12, {n} a écrit :', 'es': 'El 3 Nov 2026 a las 9:12, {n} escribió:'},
        parts='text', wrap=65, quote_wrap=66, header='X-mailer: Pegasus Mail for Windows (4.81)'),
    'geary': dict(
        attr={'en': 'On Tue, 3 Nov 2026 at 09:12, {n} <{a}> wrote:', 'fr': 'Le mar. 3 nov. 2026 à 09:12, {n} <{a}> a écrit :',
              'es': 'El mar, 3 de nov de 2026 a las 09:12, {n} <{a}> escribió:', 'pt': 'Em ter, 3 de nov de 2026 às 09:12, {n} <{a}> escreveu:'},
        html='<div id="geary-body" dir="auto">{own}</div><div id="geary-quote" dir="auto"><br>{attr}<br><blockquote '
             'type="cite">{quote}</blockquote></div>',
        parts='alt', flowed=True, header='X-Mailer: geary/43.0'),
    'fairemail': dict(
        attr={'en': 'On November 3, 2026 9:12:07 AM GMT+02:00, {n} <{a}> wrote:', 'fr': 'Le 3 novembre 2026 09:12:07 GMT+01:00, {n} <{a}> a écrit :',
              'pt': 'Em 3 de novembro de 2026 09:12:07 GMT, {n} <{a}> escreveu:', 'ar': 'في ٣ نوفمبر ٢٠٢٦ ٩:١٢:٠٧ ص، كتب {n} <{a}>:'},
        html='<html><head></head><body><div dir="auto">{own}</div><div class="fairemail_reply"><p>{attr}</p><blockquote '
             'type="cite" class="fairemail_quote" style="margin:0;border-left:3px solid #ccc; padding-left: 3px">{quote}'
             '</blockquote></div></body></html>',
        parts='alt', header='X-Mailer: FairEmail'),
    'tutanota': dict(
        attr={'en': 'Nov 3, 2026, 09:12 by {a}:', 'fr': '3 nov. 2026, 09:12 de {a} :', 'es': '3 nov 2026, 9:12 por {a}:',
              'pt': '3 de nov. de 2026, 09:12 por {a}:'},
        html='<html><body><div>{own}</div><div>{attr}<br></div><blockquote class="tutanota_quote" style="border-left: 1px '
             'solid #93A3B8; padding-left: 10px; margin-left: 5px;">{quote}</blockquote></body></html>',
        parts='alt', phone='Sent with Tutanota, enjoy secure & ad-free emails.', header=''),
    'zoho': dict(
        attr={'en': '---- On Tue, 03 Nov 2026 09:12:07 +0545 {n} <{a}> wrote ---', 'fr': '---- Le mar., 03 nov. 2026 09:12:07 +0100 {n} <{a}> a écrit ---',
              'es': '---- En Tue, 03 Nov 2026 09:12:07 -0400 {n} <{a}> escribió ----'},
        html='<!DOCTYPE HTML><html><head><meta content="text/html;charset=UTF-8"></head><body><div style="font-family: '
             'Verdana">{own}<div class="zmail_extra_hr" style="border-top: 1px solid rgb(204, 204, 204); height: 0px;">'
             '<br></div><div class="zmail_extra" data-zbluepencil-ignore="true"><div>{attr}</div><br><blockquote id='
             '"blockquote_zmail" style="margin: 0px;">{quote}</blockquote></div></div></body></html>',
        parts='alt', mark='', header='X-Mailer: Zoho Mail'),
    'rediffmail': dict(
        attr={'en': 'From: "{n}"<{a}>\nSent: Tue, 3 Nov 2026 14:57:07\nTo: "{t}"<{ta}>\nSubject: {s}'},
        html='<br />{own}<br /><br />{attr}<br /><br />{quote}', line='{}<br />',
        parts='alt', mark='', header='X-REDIFF-Delivered-Remotely-To: feedback'),
    'yandex': dict(
        attr={'en': '03.11.2026, 12:12, "{n}" <{a}>:', 'fr': '03.11.2026, 12:12, "{n}" <{a}> :', 'ar': '03.11.2026, 12:12, "{n}" <{a}>:'},
        html='<div>{own}</div><div>\u00a0</div><div>{attr}</div><blockquote>{quote}</blockquote>',
        parts='html', header='X-Mailer: Yamail [ http://yandex.ru ] 5.0'),
    'mail-ru-app': dict(
        attr={'en': '--\nSent from Mail.ru app for Android\nTuesday, 3 November 2026, 12:12 +03:00 from {n} {a}:'},
        html='<HTML><BODY>{own}<br><div>{attr}</div><blockquote id="mail-app-auto-quote" style="border-left:1px solid #0857A6; '
             'margin:10px; padding:0 0 0 10px;">{quote}</blockquote></BODY></HTML>',
        parts='alt', mark='>', header='X-Mailer: Mail.Ru Mailer 1.0'),
    'qq': dict(
        attr={'en': '------------------ Original ------------------\nFrom:  "{n}"<{a}>;\nDate:  Tue, Nov 3, 2026 05:12 PM\n'
                    'To:  "{t}"<{ta}>; \n\nSubject:  {s}',
              'fr': '------------------ 原始邮件 ------------------\n发件人: "{n}" <{a}>;\n发送时间: 2026年11月3日(星期二) 下午5:12\n'
                    '收件人: "{t}"<{ta}>;\n\n主题: {s}'},
        html='<div>{own}</div><div><br></div><div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">'
             '{attr}</div><div>&nbsp;</div>{quote}',
        parts='alt', mark='', charset='gb18030', cte='base64', header='X-Mailer: QQMail 2.x'),
    'foxmail': dict(
        attr={'en': 'From: {n}\nDate: 2026-11-03 17:12\nTo: {t}\nSubject: {s}', 'es': '发件人： {n}\n发送时间： 2026-11-03 17:12\n收件人： {t}\n主题： {s}'},
        html='<html><head></head><body><div><span></span>{own}</div><hr style="WIDTH: 210px; HEIGHT: 1px" color="#b5c4df" '
             'size="1" align="left"><blockquote style="margin-Top: 0px; margin-Bottom: 0px; margin-Left: 0.5em;"><div>&nbsp;'
             '</div><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div style='
             '"background:#EFEFEF; padding:8px;">{attr}</div></div><div>{quote}</div></blockquote></body></html>',
        parts='alt', mark='', charset='gb18030', cte='base64', header='X-Mailer: Foxmail 7.2.25.105[cn]'),
    'netease': dict(
        attr={'en': 'At 2026-11-03 17:12:07, "{n}" <{a}> wrote:', 'fr': '在 2026-11-03 17:12:07，"{n}" <{a}> 写道：'},
        html='<div style="line-height:1.7;font-size:14px">{own}</div><br><br><div style="position:relative;zoom:1"></div>'
             '<div id="divNeteaseMailCard"></div><p style="margin: 0;"><br></p><p>{attr}</p><blockquote id='
             '"isReplyContent" style="PADDING-LEFT: 1ex; MARGIN: 0px 0px 0px 0.8ex; BORDER-LEFT: #ccc 1px solid">{quote}'
             '</blockquote>',
        parts='alt', mark='>', charset='gbk', cte='base64', header='X-Mailer: Coremail Webmail Server Version XT5.0'),
    'orange': dict(
        attr={'fr': '> Message du 03/11/26 09:12\n> De : "{n}" <{a}>\n> A : {ta}\n> Copie à : \n> Objet : {s}\n>'},
        html='{own}<br /><br /><blockquote style="padding-left:5px; margin-left:5px; border-left:2px solid #ff6600;">'
             '{attr}<br />{quote}</blockquote>', line='<p>{}</p>', attr_has_mark=True,
        parts='alt', header='X-Mailer: ORANGE Mail'),
    'sfr': dict(
        attr={'fr': '========================================\n\nMessage du : 03/11/2026 09:12\nDe : "{n}" <{a}>\nA : "{t}" <{ta}>\n'
                    'Copie à : \nSujet : {s}'},
        parts='text', mark='', header='X-Mailer: SFR Mail'),
    'free-fr': dict(
        attr={'fr': '----- Mail original -----\nDe: "{n}" <{a}>\nÀ: {ta}\nEnvoyé: Mardi 3 Novembre 2026 09:12:07\nObjet: {s}'},
        parts='text', mark='', wrap=75, header='X-Mailer: Zimbra 7.2.0-GA2598 (ZimbraWebClient - FF3.0 (Win)/7.2.0-GA2598)'),
    'uol': dict(
        attr={'pt': 'De: "{n}" <{a}>\nEnviada: 2026/11/03 09:12:07\nPara: {ta}\nAssunto: {s}'},
        html='<html><body><div>{own}</div><div><br></div><hr style="border:0;border-top:1px solid #ccc"><div>{attr}</div>'
             '<div>&nbsp;</div>{quote}</body></html>', parts='alt', mark='', header='X-Mailer: UOL'),
    'terra': dict(
        attr={'es': 'El Mar 03/11/26 09:12, {n} <{a}> escribió:', 'pt': 'Em Ter 03/11/26 09:12, {n} <{a}> escreveu:'},
        html=CITE, parts='alt', header='X-Mailer: Terra Mail'),
    'huawei': dict(
        attr={'en': '-------- Original message --------\nFrom: {n} <{a}>\nDate: Tue, 3 Nov 2026, 9:12 am\nTo: {ta}\nSubject: {s}',
              'fr': '-------- Message d\'origine --------\nDe : {n} <{a}>\nDate : mar. 3 nov. 2026 à 09:12\nÀ : {ta}\nObjet : {s}',
              'ar': '-------- الرسالة الأصلية --------\nمن: {n} <{a}>\nالتاريخ: الثلاثاء، 3 نوفمبر 2026، 9:12 ص\nإلى: {ta}\nالموضوع: {s}',
              'es': '-------- Mensaje original --------\nDe: {n} <{a}>\nFecha: mar., 3 nov. 2026, 9:12\nPara: {ta}\nAsunto: {s}'},
        html='<div dir="auto">{own}</div><div id="hw_quote"><div>{attr}</div><br><blockquote style="margin:0">{quote}</blockquote></div>',
        parts='alt', mark='', phone='Sent from my HUAWEI P30 lite', header='X-Mailer: Huawei Email'),
    'windows-mail': dict(
        attr=block(BLOCK, '{0}: {n}\n{1}: {4}\n{2}: {t}\n{3}: {s}'),
        html='<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><meta name=Generator content="Microsoft Word 15 '
             '(filtered medium)"></head><body lang=EN-GB><div class=WordSection1>{own}<div style=\'mso-element:para-border-div;'
             'border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm\'>{attr}</div><p class=MsoNormal><o:p>'
             '&nbsp;</o:p></p>{quote}</div></body></html>', line=p('{}'),
        parts='alt', mark='', phone='Sent from Mail for Windows 10', header='X-Mailer: Microsoft Windows 10 Mail'),
    'live-mail': dict(
        attr=block(BLOCK, '{0}: {n} \n{1}: {4}\n{2}: {ta} \n{3}: {s}'),
        html='<HTML><HEAD></HEAD><BODY dir=ltr><DIV dir=ltr><DIV style="FONT-SIZE: 12pt; FONT-FAMILY: \'Calibri\'; COLOR: '
             '#000000"><DIV>{own}</DIV><DIV style="FONT: 10pt tahoma"><DIV>&nbsp;</DIV><DIV style="BACKGROUND: #f5f5f5">'
             '{attr}</DIV></DIV><DIV>&nbsp;</DIV>{quote}</DIV></DIV></BODY></HTML>', line='<DIV>{}</DIV>',
        parts='alt', mark='', charset='windows-1252', header='X-Mailer: Microsoft Windows Live Mail 16.4.3528.331'),
    'outlook-express': dict(
        attr=block(BLOCK, '{0}: "{n}" <{a}>\n{2}: <{ta}>\n{1}: {4}\n{3}: {s}', '----- Original Message ----- '),
        parts='text', wrap=76, quote_wrap=74, charset='windows-1252', header='X-Mailer: Microsoft Outlook Express 6.00.2900.5931'),
    'outlook-2003': dict(
        attr=block(BLOCK, '{0}: {n} [mailto:{a}] \n{1}: {4}\n{2}: {t}\n{3}: {s}', '-----Original Message-----'),
        html='<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN"><HTML><HEAD><META content="MSHTML 6.00.2900.3020" '
             'name=GENERATOR></HEAD><BODY>{own}<BLOCKQUOTE dir=ltr style="MARGIN-RIGHT: 0px"><DIV class='
             'OutlookMessageHeader lang=en-us dir=ltr align=left><FONT face=Tahoma size=2>{attr}<BR></FONT></DIV>{quote}'
             '</BLOCKQUOTE></BODY></HTML>', line='<DIV><FONT face=Arial color=#0000ff size=2>{}</FONT></DIV>',
        parts='alt', mark='', header='X-Mailer: Microsoft Office Outlook 11'),
    'outlook-mac': dict(
        attr=block(DATED, '{0}: {n} <{a}>\n{1}: {4}\n{2}: {t} <{ta}>\n{3}: {s}'),
        html='<html xmlns:o="urn:schemas-microsoft-com:office:office"><body lang="EN-GB" style="word-wrap:break-word"><div '
             'class="WordSection1">{own}<div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
             '{attr}</div><div><p class="MsoNormal"><o:p>&nbsp;</o:p></p></div>{quote}</div></body></html>', line=p('{}'),
        parts='alt', mark='', header='User-Agent: Microsoft-MacOutlook/16.78.23100802'),
    'entourage': dict(
        attr={'en': 'On 3/11/26 9:12, "{n}" <{a}> wrote:', 'fr': 'Le 3/11/26 9:12, « {n} » <{a}> a écrit :',
              'es': 'El 3/11/26 9:12, "{n}" <{a}> escribió:'},
        html='<HTML><HEAD><TITLE>Re</TITLE></HEAD><BODY><FONT FACE="Calibri, Verdana"><SPAN STYLE=\'font-size:11pt\'>{own}<BR>'
             '<BR>{attr}<BR><BR></SPAN></FONT><BLOCKQUOTE><FONT FACE="Calibri">{quote}</FONT></BLOCKQUOTE></BODY></HTML>',
        line='{}<BR>', parts='alt', header='User-Agent: Microsoft-Entourage/12.38.0.140409'),
    'aol': dict(
        attr={'en': '-----Original Message-----\nFrom: {n} <{a}>\nTo: {ta}\nSent: Tue, Nov 3, 2026 9:12 am\nSubject: {s}'},
        html='<div style="color:black;font: 10pt arial;">{own}<br><br><div style="font-family:arial">{attr}</div><br><br>'
             '<div id="yiv1">{quote}</div></div>', parts='alt', mark='', header='X-Mailer: WebService/1.1.19 aolwebmail'),
    'gmail-ios': dict(
        attr={'en': 'On Tue, Nov 3, 2026 at 9:12 AM {n} <\n{a}> wrote:', 'fr': 'Le mar. 3 nov. 2026 à 09:12, {n} <\n{a}> a écrit :',
              'es': 'El mar, 3 nov 2026 a la(s) 9:12 a.m., {n} (\n{a}) escribió:', 'pt': 'Em ter., 3 de nov. de 2026 às 09:12, {n} <\n{a}> escreveu:',
              'ar': 'في الثلاثاء، 3 نوفمبر 2026 في 9:12 ص تمت كتابة ما يلي بواسطة {n} <\n{a}>:',
              'ne': 'मंगल, ३ नोभेम्बर २०२६ ०९:१२ मा {n} <{a}> ले लेख्नुभयो:'},
        html='<div dir="auto">{own}</div><div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{attr}<br></div>'
             '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);'
             'padding-left:1ex">{quote}</blockquote></div></div>', parts='alt', quote_wrap=74, header=''),
    'superhuman': dict(
        attr={'en': 'On Tue, Nov 03, 2026 at 9:12 AM, {n} < {a} > wrote:'},
        html='<html><head></head><body><div>{own}</div><br/><div class="gmail_signature">Sent via <a href="https://sprh.mn/">'
             'Superhuman</a></div><br/><div class="sh-quoted-content"><div class="gmail_quote">{attr}<br/><blockquote class='
             '"gmail_quote" style="margin:0 0 0 0.8ex;border-left:1px #ccc solid;padding-left:1ex">{quote}</blockquote>'
             '</div></div></body></html>', parts='alt', text_phone='Sent via Superhuman ( https://sprh.mn/?vip=me )',
        header='X-Mailer: Superhuman Desktop'),
    'hey': dict(
        attr={'en': 'On November 3, 2026, {n} <{a}> wrote:'},
        html='<html><body><div class="trix-content">{own}</div><br><div>{attr}</div><blockquote class="trix-content">{quote}'
             '</blockquote></body></html>', parts='alt', header='X-Mailer: HEY World'),
    'blackberry': dict(
        attr={'en': '-----Original Message-----\nFrom: {n} <{a}>\nDate: Tue, 3 Nov 2026 09:12:07 \nTo: <{ta}>\nSubject: {s}',
              'es': '-----Original Message-----\nFrom: {n} <{a}>\nDate: Tue, 3 Nov 2026 09:12:07 \nTo: <{ta}>\nReply-To: {a}\nSubject: {s}'},
        parts='text', mark='', phone='Sent from my BlackBerry® wireless device from Orange', header='X-rim-org-msg-ref-id: 1'),
    'blackberry-10': dict(
        attr={'en': '  Original Message  \nFrom: {n}\nSent: Tuesday, 3 November 2026 9:12\nTo: {ta}\nReply To: {a}\nSubject: {s}',
              'pt': '  Mensagem Original  \nDe: {n}\nEnviada: terça-feira, 3 de novembro de 2026 09:12\nPara: {ta}\nResponder A: {a}\nAssunto: {s}'},
        parts='text', mark='', phone='Sent from my BlackBerry 10 smartphone.', header='X-Mailer: BlackBerry Email (10.3.3.3216)'),
    'sogo': dict(
        attr={'en': 'On Tuesday, November 03, 2026 09:12 GMT, {n} <{a}> wrote:\n ', 'fr': 'Le Mardi, Novembre 03, 2026 09:12 CET, {n} <{a}> a écrit:\n ',
              'pt': 'Em Terça-feira, Novembro 03, 2026 09:12 GMT, {n} <{a}> escreveu:\n '},
        html='<html>{own}<br />{attr}<br />&nbsp;<blockquote type="cite" cite="m1">{quote}</blockquote></html>', line='{}<br />',
        parts='alt', wrap=78, header='User-Agent: SOGoMail 5.8.0'),
    'snappymail': dict(
        attr={'en': 'November 3, 2026 9:12 AM, "{n}" <{a}> wrote:', 'fr': '3 novembre 2026 09:12, "{n}" <{a}> a écrit:',
              'es': '3 de noviembre de 2026 9:12, "{n}" <{a}> escribió:', 'pt': '3 de Novembro de 2026 09:12, "{n}" <{a}> escreveu:'},
        html='<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" /></head><body><div '
             'data-html-editor-font-wrapper="true" style="font-family: arial">{own}<br><br><signature></signature>{attr}<br>'
             '<blockquote><div><div>{quote}</div></div></blockquote></div></body></html>', parts='alt', header='X-Mailer: RainLoop/1.16.0'),
    'afterlogic': dict(
        attr={'en': '------ Original message ------\nFrom: {n} <{a}>\nTo: {ta}\nDate: Tue, 03 Nov 2026 9:12\nSubject: {s}',
              'ar': '------ الرسالة الأصلية ------\nمن: {n} <{a}>\nإلى: {ta}\nالتاريخ: 03 نوفمبر 2026 9:12\nالموضوع: {s}'},
        html='<div data-crea="font-wrapper" style="font-family: Tahoma; font-size: 16px;">{own}<br><br>{attr}<br><br>{quote}</div>',
        parts='html', mark='', header='X-Mailer: AfterLogic webmail client'),
    'htc': dict(
        attr={'en': '----- Reply message -----\nFrom: "{n}" <{a}>\nDate: Tue, Nov 3, 2026 9:12 am\nSubject: {s}\nTo: <{ta}>',
              'fr': '----- Message de réponse -----\nDe : "{n}" <{a}>\nDate : mar., nov. 3, 2026 09:12\nObjet : {s}\nPour : <{ta}>'},
        parts='text', mark='', cte='base64', phone='Sent from my HTC', header='X-Mailer: HTC Mail'),
    'groupwise': dict(
        attr={'en': '>>> {n} <{a}> 11/3/2026 9:12 AM >>>', 'fr': '>>> {n} <{a}> 03/11/2026 09:12 >>>', 'es': '>>> {n} <{a}> 03/11/2026 9:12 >>>'},
        parts='text', mark='', header='X-Mailer: Novell GroupWise Internet Agent 14.2.0'),
    'opera': dict(
        attr={'en': 'On Tue, 03 Nov 2026 09:12:07 +0100, {n} <{a}> wrote:', 'fr': 'Le Tue, 03 Nov 2026 09:12:07 +0100, {n} <{a}> a écrit:'},
        parts='text', wrap=72, quote_wrap=72, flowed=True, delsp=True, header='User-Agent: Opera Mail/1.0 (Win32)'),
    'gnus': dict(
        attr={'en': '{n} <{a}> writes:', 'fr': '{n} <{a}> writes:', 'ne': '{n} <{a}> writes:'},
        parts='text', wrap=70, quote_wrap=70, header='User-Agent: Gnus/5.13 (Gnus v5.13)'),
    'alpine': dict(
        attr={'en': 'On Tue, 3 Nov 2026, {n} wrote:', 'pt': 'On Tue, 3 Nov 2026, {n} wrote:'},
        parts='text', flowed=True, wrap=74, quote_wrap=74, header='User-Agent: Alpine 2.26 (DEB 649 2022-06-02)'),
    'pipes': dict(
        attr={'en': 'On Tuesday 03 November 2026 09:12, {n} wrote:', 'es': 'El martes 3 noviembre 2026 09:12, {n} escribió:'},
        parts='text', mark='| ', header='X-Mailer: PipeMail'),
    'front': dict(
        attr={'en': 'On November 3, 2026 at 9:12 AM GMT {n} <{a}> wrote:'},
        html='<div>{own}</div><div><br></div><div class="front-signature"></div><br><br><div>{attr}</div><blockquote type="cite" '
             'style="margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex;">{quote}</blockquote>', parts='alt', header='X-Mailer: Front (1.0)'),
    'gmail-vi': dict(
        attr={'en': 'Vào Th 3, 3 thg 11, 2026 vào lúc 09:12 {n} <\n{a}> đã viết:'}, html=CITE, parts='alt', quote_wrap=74, header=''),
    'gmail-tr': dict(
        attr={'en': '{n} <{a}>, 3 Kas 2026 Sal,\n09:12 tarihinde şunu yazdı:', 'ar': '{n} <{a}>, 3 Kas 2026 Sal,\n09:12 tarihinde şunu yazdı:'},
        html=CITE, parts='alt', quote_wrap=74, header=''),
    'gmail-id': dict(attr={'en': 'Pada tanggal Sel, 3 Nov 2026 pukul 09.12 {n} <\n{a}> menulis:', 'pt': 'Pada tanggal Sel, 3 Nov 2026 pukul 09.12 {n} <\n{a}> menulis:'},
                     html=CITE, parts='alt', quote_wrap=74, header=''),
    'gmail-hi': dict(attr={'en': 'मंगल, 3 नव॰ 2026 को 9:12 am बजे को {n} <{a}> ने लिखा:', 'ne': 'मंगल, 3 नव॰ 2026 को 9:12 am बजे को {n} <{a}> ने लिखा:'},
                     html=CITE, parts='alt', header=''),
    'gmail-fa': dict(attr={'en': 'در تاریخ سه‌شنبه ۳ نوامبر ۲۰۲۶،\u200f ۹:۱۲ {n} <\u200f{a}> نوشت:'}, html=CITE, parts='alt', header=''),
    'gmail-ja': dict(attr={'en': '2026年11月3日(火) 18:12 {n} <{a}>:'}, parts='text', charset='iso-2022-jp', cte='7bit', quote_wrap=74, header=''),
    'seznam': dict(attr={'en': '---------- Původní e-mail ----------\nOd: {n} <{a}>\nKomu: {ta}\nDatum: 3. 11. 2026 9:12:07\nPředmět: {s}'},
                   html='<html><body>{own}<br><aside>{attr}</aside><br><blockquote data-email="x">{quote}</blockquote></body></html>',
                   parts='alt', mark='', charset='iso-8859-2', header='X-Mailer: Seznam.cz'),
    'onet': dict(attr={'en': 'Dnia 3 listopada 2026 09:12 {n} <{a}> napisał(a):'}, html=CITE, parts='alt', charset='windows-1250', header='X-Mailer: onet.poczta'),
    'naver': dict(attr={'en': '-----Original Message-----\nFrom: "{n}" <{a}>\nTo: "{t}" <{ta}>; \nCc: \nSent: 2026-11-03 (화) 18:12:07 (GMT+09:00)\nSubject: {s}'},
                  html='<html><body><div>{own}</div><p><br></p>{attr}<p></p>{quote}</body></html>', line='<p>{}</p>',
                  parts='alt', mark='', charset='euc-kr', header='X-Mailer: Naver Mail'),
    'hinet': dict(attr={'en': '-----原始郵件-----\n寄件者: {n} <{a}>\n收件者: {ta}\n日期: Tue, 03 Nov 2026 17:12:07\n標題: {s}'},
                  parts='text', mark='> ', charset='big5', cte='8bit', header=''),
    'libero': dict(attr={'en': '> Il 3 novembre 2026 alle 9.12 {n} <{a}> ha scritto:\n>', 'pt': '> Il 3 novembre 2026 alle 9.12 {n} <{a}> ha scritto:\n>'},
                   attr_has_mark=True, parts='text', charset='iso-8859-15', header='X-Mailer: Open-Xchange Mailer v7.10.6'),
}
