# A seeded log: -v lines=N -v seed=N -v form=combined|alb|cloudfront|json. Documentation addresses, thirty days of April 2021. The number of
# lines that the rule of source.toml counts goes to stderr.
BEGIN {
    srand(seed)
    np = split("/app/ /app/reserve /app/reserve/confirm?step=2&lang=ja /app/map/shelters?lat=35.53&lng=139.70 /app/news/1024 " \
        "/app/style.css /app/img/logo.png /app/api/v2/notices?since=20210401&limit=50 /health /robots.txt /favicon.ico", path, " ")
    na = split("Mozilla/5.0 (iPhone; CPU iPhone OS 14_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148|" \
        "Mozilla/5.0 (Linux; Android 11; Pixel 5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.82 Mobile Safari/537.36|" \
        "MihonApp/2.3.1 (iOS 14.4; ja)|ExampleBot/2.1 (+http://bot.example/bot.html)", agent, "|")
    ns = split("200 200 200 200 200 200 304 304 302 404 500 206", status, " ")
    for (i = 0; i < lines; i++) {
        second = int(i * 2592000 / lines)
        day = int(second / 86400) + 1; rest = second % 86400
        time = sprintf("%02d:%02d:%02d", int(rest / 3600), int(rest % 3600 / 60), rest % 60)
        host = rand() < 0.2 ? sprintf("2001:db8::%x", int(rand() * 65536)) : "198.51.100." int(rand() * 256)
        method = rand() < 0.9 ? "GET" : "POST"
        p = path[1 + int(rand() * np)]; s = status[1 + int(rand() * ns)]; bytes = 200 + int(rand() * 20000)
        referer = rand() < 0.5 ? "-" : "https://app.mihon.example/app/"; a = agent[1 + int(rand() * na)]
        if (s ~ /^(2..|304)$/ && p ~ /^\/app\// && p !~ /^[^?]*\.(css|png)(\?|$)/ && a !~ /[Bb]ot/) counted++
        if (form == "alb") {
            printf "https 2021-04-%02dT%s.%06dZ app/mihon/50dc6c495c0c9188 %s:%d 192.0.2.10:80 0.000 0.012 0.000 %s %s 366 %d " \
                "\"%s https://app.mihon.example:443%s HTTP/2.0\" \"%s\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 - \"Root=1-5e%06x\" " \
                "\"app.mihon.example\" \"-\" 0 2021-04-%02dT%s.000000Z \"forward\" \"-\" \"-\" \"192.0.2.10:80\" \"%s\" \"-\" \"-\"\n",
                day, time, i % 1000000, host, 1024 + i % 60000, s, s, bytes, method, p, a, i % 16777216, day, time, s
        } else if (form == "cloudfront") {
            gsub(/ /, "%20", a)
            printf "%d.%03d\t%s\t0.012\t%s\t%d\t%s\thttps\tapp.mihon.example\t%s\t%s\t%s\n", 1617202800 + second, i % 1000, host, s, bytes,
                method, p, a, referer
        } else if (form == "json")
            printf "{\"time\":\"2021-04-%02dT%s+09:00\",\"remote_addr\":\"%s\",\"request\":\"%s %s HTTP/1.1\",\"status\":%s," \
                "\"body_bytes_sent\":%d,\"referer\":\"%s\",\"user_agent\":\"%s\"}\n", day, time, host, method, p, s, bytes, referer, a
        else
            printf "%s - - [%02d/Apr/2021:%s +0900] \"%s %s HTTP/1.1\" %s %d \"%s\" \"%s\"\n", host, day, time, method, p, s, bytes,
                referer, a
    }
    print counted + 0 >"/dev/stderr"
}
